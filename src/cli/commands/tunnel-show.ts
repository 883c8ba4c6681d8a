import { tunnelControl } from '../tunnel-control.ts';

/** `deckhand tunnel show NAME`. */
export const tunnelShowCommand = tunnelControl(
  {
    brief: 'Show one tunnel: state, health, traffic, what changed',
    fullDescription: `Example:
  deckhand tunnel show db`,
  },
  async (tasks, name) => await tasks.tunnel(name),
);
