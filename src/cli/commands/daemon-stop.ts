import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { type DaemonFlags, daemonFlags, withDaemon } from '../daemon-command.ts';

/** `deckhand daemon stop`. */
export const daemonStopCommand = buildCommand<DaemonFlags, [], CliContext>({
  docs: {
    brief: 'Stop the daemon; commands on hosts go on and are found again',
    fullDescription: `Example:
  deckhand daemon stop`,
  },
  parameters: { flags: daemonFlags },
  async func(flags) {
    await withDaemon(this, flags, async ({ daemon, result }) => {
      const stopped = await daemon.stop();
      result({ stopped: stopped !== null, pid: stopped?.pid ?? null }, () =>
        stopped ? `stopped process ${stopped.pid}\n` : 'no daemon was running\n',
      );
    });
  },
});
