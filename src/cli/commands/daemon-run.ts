import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withDaemon } from '../daemon-command.ts';

/** `deckhand daemon run`. */
export const daemonRunCommand = buildCommand<object, [], CliContext>({
  docs: {
    brief: 'Be the daemon, in the foreground, for a service manager',
    fullDescription: `Ends on SIGTERM or Ctrl-C; commands on hosts go on and are found again.

Example:
  deckhand daemon run`,
  },
  parameters: {},
  async func() {
    const { signal, terminal, sayOnInterrupt } = this.surroundings;
    sayOnInterrupt({ first: 'stopping the daemon; commands on hosts go on', second: null });
    await withDaemon(this, { json: false, jsonl: false }, async ({ daemon }) => {
      await daemon.run({ signal, say: text => terminal.stderr.write(`${text}\n`) });
    });
  },
});
