import { systemClock } from '../core/clock.ts';
import type { Executor, StartExecutor } from '../queue/executor-protocol.ts';
import { TaskExecutor } from '../tasks/executor.ts';
import type { TaskRegistry } from '../tasks/task-registry.ts';
import type { Fleets } from './fleet-access.ts';
import { PlanningDesk } from './planning/planning-desk.ts';
import { TaskHosts } from './task-hosts.ts';

/** An executor inside this process: for the library, `--local` and the demonstration. */
export function localExecutor(registry: TaskRegistry, fleets: Fleets): StartExecutor {
  return (name, { onMessage, onExit }): Executor => {
    let ended = false;
    const planning = new PlanningDesk({ fleets, clock: systemClock, chance: Math.random });
    const executor = new TaskExecutor({
      registry,
      clock: systemClock,
      hosts: async (surroundings, prompts) => new TaskHosts(await fleets.at(surroundings), prompts),
      planning,
      // in a turn of its own, as between processes: nobody hears an answer while still speaking
      send: message => setImmediate(() => ended || onMessage(message)),
    });
    const end = (reason: string): void => {
      if (ended) return;
      ended = true;
      void planning[Symbol.asyncDispose]();
      onExit(reason);
    };
    return {
      name,
      pid: null,
      send: message => {
        executor.hear(message);
        if (message.say === 'leave') void executor.idle().then(() => setImmediate(() => end('left')));
      },
      kill: () => end('killed'),
    };
  };
}
