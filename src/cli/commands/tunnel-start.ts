import { tunnelControl } from '../tunnel-control.ts';

/** `deckhand tunnel start NAME`. */
export const tunnelStartCommand = tunnelControl(
  {
    brief: 'Open a stopped tunnel again; one that gave up tries at once',
    fullDescription: `Example:
  deckhand tunnel start db`,
  },
  async (tasks, name) => await tasks.startTunnel(name),
);
