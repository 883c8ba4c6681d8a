import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { renderTunnelList } from '../render-tunnels.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand tunnel list`. */
export const tunnelListCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'List the tunnels and how they are',
    fullDescription: `Example:
  deckhand tunnel list`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const tunnels = await tasks.tunnels();
      result({ tunnels }, () => renderTunnelList(tunnels, Date.now(), style));
      return 0;
    });
  },
});
