import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { type DaemonFlags, daemonFlags, withDaemon } from '../daemon-command.ts';
import { renderDaemon } from '../render-queue.ts';

/** `deckhand daemon start`. */
export const daemonStartCommand = buildCommand<DaemonFlags, [], CliContext>({
  docs: {
    brief: 'Start the daemon, and wait until it answers',
    fullDescription: `It also starts by itself with the first command that needs it. One that runs already is fine.

Example:
  deckhand daemon start`,
  },
  parameters: { flags: daemonFlags },
  async func(flags) {
    await withDaemon(this, flags, async ({ daemon, result, style }) => {
      const { status, already } = await daemon.start();
      result({ ...status, already }, () => renderDaemon(status, style));
    });
  },
});
