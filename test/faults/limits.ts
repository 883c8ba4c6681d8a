import { DaemonUnderTest, memoryOf } from './daemon-under-test.ts';
import { type Fault, randomBetween, until } from './fault.ts';
import { labFleet, onHost } from './lab-fleet.ts';

const HOSTS = Array.from({ length: 20 }, (_, index) => 51 + index);
const PER_HOST = 3;
const TOTAL = 60;
/** Kibibytes that the daemon may grow by while it carries the queue out. */
const ROOM = 64 * 1024;

/** A long queue over many hosts: limits hold, seen from the hosts; higher priority goes first. */
export const fault: Fault = {
  id: 'LIMITS',
  title: 'thousands of queued tasks over 20 hosts: limits, order and memory',
  async run({ short, folder, say, check }) {
    const total = short ? 1000 : 10_000;
    await using fleet = await labFleet(HOSTS, folder, { kind: 'plain' });
    await using daemon = await DaemonUnderTest.start(folder);
    const { api } = daemon;
    await api.setLimits({ perHost: PER_HOST, total: TOTAL });
    await api.pauseQueue();
    const names = fleet.hosts.map(host => host.name).join(',');
    for (let made = 0; made < total; made += fleet.hosts.length) {
      const isFirst = made < PER_HOST * fleet.hosts.length;
      const priority = isFirst ? 100 : randomBetween(-100, 99);
      // the first of each host wait for each other: however slow a machine is, its limit is used
      const all = `until test "$(grep -c s "$HOME/log")" -ge ${PER_HOST}; do sleep 0.1; done`;
      const command = `echo s >>"$HOME/log"; ${isFirst ? all : 'sleep 0.1'}; echo e >>"$HOME/log"`;
      await api.submit({
        kind: 'ssh.execute',
        hosts: names,
        params: { command },
        priority,
        surroundings: fleet.surroundings,
      });
    }
    const queued = memoryOf(daemon.pid);
    const begun = performance.now();
    await api.resumeQueue();
    let most = queued;
    await until('the queue is empty', 3_600_000, async () => {
      const { counts } = await api.health();
      most = Math.max(most, memoryOf(daemon.pid));
      return (counts.succeeded ?? 0) + (counts.failed ?? 0) + (counts.lost ?? 0) >= total || undefined;
    });
    const seconds = (performance.now() - begun) / 1000;
    const { counts } = await api.health();
    say(`${total} tasks in ${seconds.toFixed(1)} s: ${(total / seconds).toFixed(0)} a second`);
    check(counts.succeeded === total, `${counts.succeeded ?? 0} of ${total} succeeded`);
    const widest = await Promise.all(
      fleet.hosts.map(async host => mostAtOnce(await onHost(host, 'cat "$HOME/log"'))),
    );
    check(
      Math.max(...widest) <= PER_HOST,
      `at most ${Math.max(...widest)} at once on a host, as the hosts saw it; limit ${PER_HOST}`,
    );
    check(Math.max(...widest) === PER_HOST, 'the limit was used');
    const wrong = await outOfOrder(daemon);
    check(wrong === 0, `${wrong} tasks that began before one of higher priority on the same host`);
    check(
      most - queued <= ROOM,
      `the daemon: ${(queued / 1024).toFixed(0)} MiB with the queue full, at most ${((most - queued) / 1024).toFixed(0)} MiB more`,
    );
  },
};

function mostAtOnce(log: string): number {
  let running = 0;
  let most = 0;
  for (const line of log.trim().split('\n')) {
    running += line === 's' ? 1 : -1;
    most = Math.max(most, running);
  }
  return most;
}

async function outOfOrder({ api }: DaemonUnderTest): Promise<number> {
  const begun = new Map<string, { readonly at: number; readonly priority: number }[]>();
  let cursor: string | undefined;
  do {
    const page = await api.tasks({ limit: 1000, ...(cursor === undefined ? {} : { cursor }) });
    for (const { host, startedAt, priority } of page.tasks) {
      const starts = begun.get(host ?? '') ?? [];
      starts.push({ at: startedAt ?? 0, priority });
      begun.set(host ?? '', starts);
    }
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  let wrong = 0;
  for (const starts of begun.values()) {
    starts.sort((one, other) => one.at - other.at);
    let lowest = Number.POSITIVE_INFINITY;
    let at = 0;
    for (const start of starts) {
      if (start.at > at && start.priority > lowest) wrong += 1;
      lowest = Math.min(lowest, start.priority);
      at = start.at;
    }
  }
  return wrong;
}
