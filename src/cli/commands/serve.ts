import { buildCommand } from '@stricli/core';
import type { EndpointView } from '../../core/chat.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { reachFlags, type ReachFlags, reachOf } from '../chat-flags.ts';
import type { CliContext } from '../context.ts';
import { toggle, value } from '../flags.ts';
import { QUIET } from '../interrupt.ts';
import { withTasks } from '../task-session.ts';

interface ServeFlags extends ReachFlags {
  readonly port: string | undefined;
  readonly detach: boolean;
  readonly stop: boolean;
  readonly status: boolean;
}

const USUAL_PORT = 8790;

/** `deckhand serve`. */
export const serveCommand = buildCommand<ServeFlags, [], CliContext>({
  docs: {
    brief: 'Let other programs ask all models at one address of this machine',
    fullDescription: `Programs written for OpenAI's address work unchanged: models, chats, completions, embeddings. A request goes to a server that has the model and a free slot; to another one when that fails before its first token. Answers outlive faults of the network where the server can resume.

Only this machine can connect, and only with the token. Ends with Ctrl-C; with --detach the daemon keeps it, also after a restart.

Example:
  deckhand serve
  deckhand serve --detach
  deckhand serve --status
  deckhand serve --stop`,
  },
  parameters: {
    flags: {
      ...reachFlags,
      port: value(`Port on 127.0.0.1; 0 = any free one. Default ${USUAL_PORT}`, 'N'),
      detach: toggle('Leave it to the daemon, which keeps it open'),
      stop: toggle('Close the one that the daemon keeps'),
      status: toggle('Show whether it is open, and how much it is used'),
    },
    aliases: { F: 'sshConfig' },
  },
  async func(flags) {
    await withTasks(this, flags, async session => {
      const { tasks, terminal, signal, result } = session;
      if ([flags.detach, flags.stop, flags.status].filter(Boolean).length > 1)
        throw new DeckhandError('input.invalid', '--detach, --stop and --status exclude each other.');
      if (flags.detach && flags.local)
        throw new DeckhandError('input.invalid', '--detach needs the daemon: leave out --local.');
      if (flags.stop) {
        await tasks.closeEndpoint();
        result({ endpoint: null }, () => 'the endpoint is closed\n');
        return 0;
      }
      if (flags.status) {
        const endpoint = await tasks.endpoint();
        result({ endpoint }, () => (endpoint ? describe(endpoint) : 'the endpoint is not open\n'));
        return 0;
      }
      const wasOpen = (await tasks.endpoint()) !== null;
      const options = { port: portOf(flags.port), keep: flags.detach };
      const endpoint = await tasks.openEndpoint(reachOf(flags, terminal), options);
      result({ endpoint }, () => describe(endpoint));
      if (flags.detach) return 0;
      this.surroundings.sayOnInterrupt(QUIET);
      if (!signal.aborted)
        await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
      // one that somebody else keeps is theirs to close
      if (!wasOpen) await tasks.closeEndpoint();
      return 0;
    });
  },
});

function describe({ url, tokenFile, requests, running, waiting }: EndpointView): string {
  return `${url}\n  token: ${tokenFile}\n  use it: export OPENAI_BASE_URL=${url} OPENAI_API_KEY="$(cat '${tokenFile}')"\n  requests: ${requests}, running ${running}, waiting ${waiting}\n`;
}

function portOf(text: string | undefined): number {
  if (text === undefined) return USUAL_PORT;
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new DeckhandError('input.invalid', `--port: '${text}' is no port.`);
}
