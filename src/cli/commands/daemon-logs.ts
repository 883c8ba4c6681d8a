import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withDaemon } from '../daemon-command.ts';
import { toggle, value } from '../flags.ts';
import { QUIET } from '../interrupt.ts';
import { wholeNumber } from '../submission-flags.ts';

interface LogsFlags {
  readonly follow: boolean;
  readonly lines: string | undefined;
}

/** `deckhand daemon logs [-f]`. */
export const daemonLogsCommand = buildCommand<LogsFlags, [], CliContext>({
  docs: {
    brief: "Print the end of the daemon's log; -f goes on reading",
    fullDescription: `Example:
  deckhand daemon logs -f`,
  },
  parameters: {
    flags: {
      follow: toggle('Go on until Ctrl-C'),
      lines: value('Lines from the end. Default 100', 'N'),
    },
    aliases: { f: 'follow', n: 'lines' },
  },
  async func({ follow, lines: wanted }) {
    const { signal, terminal, sayOnInterrupt } = this.surroundings;
    sayOnInterrupt(QUIET);
    await withDaemon(this, { json: false, jsonl: false }, async ({ daemon }) => {
      const lines = wanted === undefined ? 100 : wholeNumber(wanted, '--lines', 0, 1_000_000);
      const write = (text: string): void => terminal.stdout.write(text);
      await daemon.logs({ lines, follow, signal, write });
    });
  },
});
