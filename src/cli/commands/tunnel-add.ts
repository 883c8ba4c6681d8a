import { buildCommand } from '@stricli/core';
import type { AddTunnelRequest } from '../../api/contract.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { parseDuration } from '../../core/duration.ts';
import { EXIT } from '../../core/error-table.ts';
import { isLoopback } from '../../core/endpoint.ts';
import { parseForward } from '../../core/forward-words.ts';
import type { Forward } from '../../core/tunnel.ts';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle, value } from '../flags.ts';
import { renderTunnel } from '../render-tunnels.ts';

interface AddFlags extends CommonFlags {
  readonly localForward: string | undefined;
  readonly remoteForward: string | undefined;
  readonly dynamicForward: string | undefined;
  readonly anyPort: boolean;
  readonly hold: string | undefined;
  readonly protocol: string | undefined;
  readonly health: string | undefined;
  readonly every: string | undefined;
}

/** `deckhand tunnel add NAME HOST -L|-R|-D …`. */
export const tunnelAddCommand = buildCommand<AddFlags, [string, string], CliContext>({
  docs: {
    brief: 'Open a tunnel that stays: through faults, and after restarts',
    fullDescription: `The words are those of ssh: -L listens here, -R on the host, -D here as a SOCKS5 proxy. Port 0 is any free one; without an address only this machine can connect.

While the host is away the port stays open: what could not be sent yet waits (--hold), then it fails with a clear answer. Exit code 4: added, and the host is out of reach for now.

Example:
  deckhand tunnel add db lab-1 -L 5432:localhost:5432
  deckhand tunnel add llm gpu-1 -L 8080:/run/user/1000/llm.sock --health /health
  deckhand tunnel add hook web-1 -R 9000:localhost:3000
  deckhand tunnel add proxy web-1 -D 1080`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      localForward: value('Listen here, lead to what the host reaches', '[BIND:]PORT:HOST:PORT'),
      remoteForward: value('Listen on the host, lead to what this machine reaches', '[BIND:]PORT:HOST:PORT'),
      dynamicForward: value('Listen here as a SOCKS5 proxy', '[BIND:]PORT'),
      anyPort: toggle('Take another free port when the wanted one is taken'),
      hold: value('How long connections wait while it is down: 15s, 0 = not at all', 'DURATION'),
      protocol: value('How connections are refused: auto, http, tcp', 'NAME'),
      health: value('Look at the target by GET of this path', 'PATH'),
      every: value('How often to look at the target: 30s, 0 = never', 'DURATION'),
    },
    aliases: { ...commonAliases, L: 'localForward', R: 'remoteForward', D: 'dynamicForward' },
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, brief: 'What to call it', placeholder: 'NAME' },
        { parse: String, brief: 'The host it leads through', placeholder: 'HOST' },
      ],
    },
  },
  async func(flags, name, host) {
    let request: AddTunnelRequest | undefined;
    await withEngine(
      this,
      flags,
      async session => {
        if (!request) return EXIT.usage;
        if (!isLoopback(request.forward.listen))
          session.say('warning: everybody who reaches this address can use the tunnel');
        if (flags.local) session.say('note: with --local the tunnel is closed when this command ends');
        const tunnel = await session.api.addTunnel(request, session.call);
        session.result({ tunnel }, () => renderTunnel(tunnel, Date.now(), session.style));
        return tunnel.state === 'up' ? EXIT.ok : EXIT.unreachable;
      },
      {
        check: () => {
          request = requestOf(flags, name, host);
        },
      },
    );
  },
});

/** Throws `input.invalid` naming the flag. */
function requestOf(flags: AddFlags, name: string, host: string): AddTunnelRequest {
  const { anyPort, hold, protocol, health, every } = flags;
  if (protocol !== undefined && protocol !== 'auto' && protocol !== 'http' && protocol !== 'tcp')
    throw new DeckhandError('input.invalid', `--protocol: '${protocol}' is none of auto, http, tcp.`);
  if (health !== undefined && !health.startsWith('/'))
    throw new DeckhandError('input.invalid', `--health: '${health}' is no path; it begins with a slash.`);
  return {
    name,
    host,
    forward: forwardOf(flags),
    ...(anyPort ? { anyPort } : {}),
    ...(hold === undefined ? {} : { hold: parseDuration(hold, '--hold') }),
    ...(protocol === undefined ? {} : { protocol }),
    health: {
      ...(every === undefined ? {} : { interval: parseDuration(every, '--every') }),
      ...(health === undefined ? {} : { path: health }),
    },
  };
}

function forwardOf({ localForward, remoteForward, dynamicForward }: AddFlags): Forward {
  const given = (
    [
      ['-L', localForward],
      ['-R', remoteForward],
      ['-D', dynamicForward],
    ] as const
  ).filter(([, text]) => text !== undefined);
  const [only] = given;
  if (given.length !== 1 || only?.[1] === undefined)
    throw new DeckhandError(
      'input.invalid',
      'Give exactly one of -L, -R and -D; a second forward is a second tunnel.',
    );
  return parseForward(only[0], only[1]);
}
