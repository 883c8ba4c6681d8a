import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../core/clock.ts';
import type { FromExecutor, ToExecutor } from '../queue/executor-protocol.ts';
import { TaskExecutor } from '../tasks/executor.ts';
import { keepWhenSettled } from './compiled-code.ts';
import { Fleets } from './fleet-access.ts';
import { openRegistry } from './open-registry.ts';
import { PlanningDesk } from './planning/planning-desk.ts';
import { SpareMemory } from './spare-memory.ts';
import { TaskHosts } from './task-hosts.ts';

/** The process of one executor: its daemon speaks to it over the channel it was born with. */

/** Milliseconds between two signs of life. */
const ALIVE = 1000;
/** Milliseconds given to claims to let go before the process ends. */
const LEAVE_LIMIT = 2500;

const send = (message: FromExecutor): void => {
  // a daemon that is gone is noticed by the end of the channel
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

async function carryOut(): Promise<void> {
  const fleets = new Fleets();
  const planning = new PlanningDesk({ fleets, clock: systemClock, chance: Math.random });
  const memory = new SpareMemory();
  const executor = new TaskExecutor({
    registry: await openRegistry(),
    clock: systemClock,
    hosts: async (surroundings, prompts) => new TaskHosts(await fleets.at(surroundings), prompts),
    planning,
    send: message => {
      send(message);
      // when what it held is let go
      if (message.say === 'ended') setImmediate(memory.taskEnded);
    },
  });
  const leave = async (): Promise<void> => {
    executor.hear({ say: 'leave' });
    await Promise.race([executor.idle(), pause(LEAVE_LIMIT)]);
    process.exit(0);
  };
  process.on('message', (message: ToExecutor) => {
    if (message.say === 'leave') void leave();
    else executor.hear(message);
  });
  // a kind of task that ends the process, by a call or by what it throws, is named as the one that did
  process.on('exit', () => {
    const { present } = executor;
    if (present) send({ say: 'crashing', ...present });
  });
  setInterval(() => send({ say: 'alive' }), ALIVE);
  send({ say: 'ready' });
}

// without its daemon nothing it does could be kept: what runs on hosts goes on there
process.on('disconnect', () => process.exit(0));
// a terminal's Ctrl-C reaches the whole group; the daemon decides
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
keepWhenSettled();
void carryOut();
