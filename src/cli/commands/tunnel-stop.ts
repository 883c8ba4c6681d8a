import { tunnelControl } from '../tunnel-control.ts';

/** `deckhand tunnel stop NAME`. */
export const tunnelStopCommand = tunnelControl(
  {
    brief: 'Close a tunnel; it stays known',
    fullDescription: `Example:
  deckhand tunnel stop db`,
  },
  async (tasks, name) => await tasks.stopTunnel(name),
);
