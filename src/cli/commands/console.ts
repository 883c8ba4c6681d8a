import { buildCommand } from '@stricli/core';
import type { ConsoleView } from '../../api/access-contract.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { reachFlags, type ReachFlags, reachOf } from '../chat-flags.ts';
import type { CliContext } from '../context.ts';
import { toggle, value } from '../flags.ts';
import { openInBrowser } from '../open-browser.ts';
import { withTasks } from '../task-session.ts';

interface ConsoleFlags extends ReachFlags {
  readonly port: string | undefined;
  readonly listen: string | undefined;
  readonly noOpen: boolean;
  readonly stop: boolean;
  readonly status: boolean;
}

const USUAL_PORT = 8791;
const HERE = '127.0.0.1';

/** `deckhand console`. */
export const consoleCommand = buildCommand<ConsoleFlags, [], CliContext>({
  docs: {
    brief: 'Open the console in a browser',
    fullDescription: `The daemon serves it on this machine, also after a restart, until --stop. The link that is printed signs a browser in once, within five minutes; the browser stays signed in for a week.

Other machines can connect only with --listen ADDRESS, and only with a token of \`deckhand token\`.

Example:
  deckhand console
  deckhand console --no-open --port 9000
  deckhand console --stop`,
  },
  parameters: {
    flags: {
      ...reachFlags,
      port: value(`Port; 0 = any free one. Default ${USUAL_PORT}`, 'N'),
      listen: value(`Address of this machine to listen on. Default ${HERE}`, 'ADDRESS'),
      noOpen: toggle('Print the link, open no browser'),
      stop: toggle('Close it, and sign everybody out'),
      status: toggle('Show whether it is open, and where'),
    },
    aliases: { F: 'sshConfig' },
  },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, terminal, result, say }) => {
      if (flags.stop && flags.status)
        throw new DeckhandError('input.invalid', '--stop and --status exclude each other.');
      if (flags.stop) {
        await tasks.closeConsole();
        result({ console: null }, () => 'the console is closed\n');
        return 0;
      }
      const before = await tasks.console();
      if (flags.status) {
        result({ console: before }, () => (before ? describe(before) : 'the console is not open\n'));
        return 0;
      }
      const stays = before !== null && flags.port === undefined && flags.listen === undefined;
      const where = stays ? placeOf(before) : { port: portOf(flags.port), address: flags.listen ?? HERE };
      const console = await tasks.openConsole(reachOf(flags, terminal), where);
      const link = await tasks.loginLink();
      if (!console.built) say('its pages are not built: run `npm run build`, then load the page again');
      if (!console.loopback)
        say(
          'other machines can connect, with a token; what is sent is not encrypted: put TLS in front of it',
        );
      result({ console, link }, () => `${link.url}\n`);
      if (!flags.noOpen && terminal.interactive) openInBrowser(link.url, terminal.environment);
      return 0;
    });
  },
});

/** It stays where it is. */
function placeOf({ url }: ConsoleView): { readonly port: number; readonly address: string } {
  const { port, hostname } = new URL(url);
  return { port: Number(port), address: hostname.replace(/^\[(.*)\]$/, '$1') };
}

function describe({ url, sessions, built }: ConsoleView): string {
  return `${url}\n  signed in: ${sessions}${built ? '' : '\n  its pages are not built'}\n`;
}

function portOf(text: string | undefined): number {
  if (text === undefined) return USUAL_PORT;
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new DeckhandError('input.invalid', `--port: '${text}' is no port.`);
}
