import { buildCommand, type Command } from '@stricli/core';
import type { TaskApi } from '../api/task-api.ts';
import type { TunnelView } from '../api/contract.ts';
import type { CliContext } from './context.ts';
import { outputFlags, type OutputFlags } from './flags.ts';
import { renderTunnel } from './render-tunnels.ts';
import { withTasks } from './task-session.ts';

/** A command about one tunnel that shows how it is after. */
export function tunnelControl(
  docs: { readonly brief: string; readonly fullDescription: string },
  act: (tasks: TaskApi, name: string) => Promise<TunnelView>,
): Command<CliContext> {
  return buildCommand<OutputFlags, [string], CliContext>({
    docs,
    parameters: { flags: outputFlags, positional: tunnelParameter },
    async func(flags, name) {
      await withTasks(this, flags, async session => {
        const tunnel = await act(session.tasks, name);
        session.result({ tunnel }, () => renderTunnel(tunnel, Date.now(), session.style));
        return 0;
      });
    },
  });
}

/** The name of a tunnel, as the only positional argument. */
export const tunnelParameter = {
  kind: 'tuple',
  parameters: [{ parse: String, brief: 'Name of the tunnel', placeholder: 'NAME' }],
} as const;
