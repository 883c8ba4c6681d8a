import { type DaemonUnderTest, memoryOf } from './daemon-under-test.ts';
import { until } from './fault.ts';

/** Milliseconds between two looks. */
const LOOK = 100;

/** Kibibytes of the daemon, and of the largest of its executors. */
export interface Memory {
  readonly daemon: number;
  readonly executor: number;
}

/** Does something, and the most that the daemon and an executor had in memory meanwhile. */
export async function withMemory<Value>(
  daemon: DaemonUnderTest,
  work: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly most: Memory }> {
  let most: Memory = { daemon: 0, executor: 0 };
  const over = new AbortController();
  const look = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const now = await memoryNow(daemon);
      most = {
        daemon: Math.max(most.daemon, now.daemon),
        executor: Math.max(most.executor, now.executor),
      };
      await new Promise(resolve => setTimeout(resolve, LOOK));
    }
  };
  const looking = look();
  try {
    return { value: await work(), most };
  } finally {
    over.abort();
    await looking;
  }
}

/** What they have once an executor has given back what a task needed; throws when none does within a minute. */
export async function memoryAfter(daemon: DaemonUnderTest, limit: number): Promise<Memory> {
  return await until(`an executor has less than ${shown(limit)}`, 60_000, async () => {
    const now = await memoryNow(daemon);
    return now.executor < limit ? now : undefined;
  });
}

export async function memoryNow(daemon: DaemonUnderTest): Promise<Memory> {
  // asked for each time: one may have been started for the task that is looked at
  const executors = await daemon.persist(async () => await daemon.executors());
  return { daemon: memoryOf(daemon.pid), executor: Math.max(0, ...executors.map(memoryOf)) };
}

/** Of kibibytes. */
export function shown(kibibytes: number): string {
  return `${(kibibytes / 1024).toFixed(0)} MiB`;
}

export function both({ daemon, executor }: Memory): string {
  return `daemon ${shown(daemon)}, executor ${shown(executor)}`;
}
