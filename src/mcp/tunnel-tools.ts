import { parseForward } from '../core/forward-words.ts';
import { z } from '../core/schema.ts';
import { tunnelName } from '../core/tunnel.ts';
import type { TunnelView } from '../api/tunnel-contract.ts';
import { factsOf, submitAndWait } from './follow-tasks.ts';
import { hostField, tool, type ToolParts } from './register-tool.ts';
import { answer } from './tool-answer.ts';

const WAIT = 120_000;

/** Ports that lead through hosts. */
export function registerTunnelTools(parts: ToolParts): void {
  const { api, surroundings, signal } = parts;
  tool(
    parts,
    {
      name: 'tunnels_list',
      description: 'Lists the tunnels: where each listens, where it leads, how it is.',
      input: {},
      readOnly: true,
    },
    async () => answer({ tunnels: (await api.tunnels()).map(tunnelFacts) }),
  );
  tool(
    parts,
    {
      name: 'tunnel_open',
      description:
        'Opens a tunnel that stays, as `ssh -L`, `-R` or `-D` would. It waits until a person says yes to exactly this; then `tunnels_list` shows it.',
      input: {
        name: tunnelName,
        host: hostField,
        forward: z.enum(['-L', '-R', '-D']),
        words: z.string().min(1).max(1000).describe('`8080:127.0.0.1:80`, `PORT:/SOCKET`; for -D a port'),
      },
      readOnly: false,
    },
    async ({ name, host, forward, words }) => {
      const params = { name, host, forward: parseForward(forward, words) };
      const submission = { kind: 'ssh.tunnel', params, surroundings, tags: [`tunnel:${name}`] };
      const { tasks } = await submitAndWait(api, submission, { wait: WAIT, signal });
      return answer({ tasks: tasks.map(factsOf) });
    },
  );
  tool(
    parts,
    {
      name: 'tunnel_close',
      description: 'Closes a tunnel. It stays known, and a person can open it again.',
      input: { name: tunnelName },
      readOnly: false,
    },
    async ({ name }) => answer(tunnelFacts(await api.stopTunnel(name))),
  );
}

function tunnelFacts({ name, host, forward, state, task, status, error }: TunnelView): object {
  return {
    name,
    host,
    forward,
    state,
    task,
    listening: status?.listening ?? null,
    health: status?.health.state ?? null,
    ...(error && { error }),
  };
}
