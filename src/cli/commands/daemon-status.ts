import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { type DaemonFlags, daemonFlags, withDaemon } from '../daemon-command.ts';
import { renderDaemon } from '../render-queue.ts';

/** `deckhand daemon status`. */
export const daemonStatusCommand = buildCommand<DaemonFlags, [], CliContext>({
  docs: {
    brief: 'Show whether the daemon runs, and where its files are',
    fullDescription: `It is not started by this. How its queue is: \`deckhand queue status\`.

Example:
  deckhand daemon status --json`,
  },
  parameters: { flags: daemonFlags },
  async func(flags) {
    await withDaemon(this, flags, async ({ daemon, result, style }) => {
      const status = await daemon.status();
      result(status, () => renderDaemon(status, style));
    });
  },
});
