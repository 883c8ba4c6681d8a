import { DaemonUnderTest, handlesOf, memoryOf } from './daemon-under-test.ts';
import { type Fault, pick, until } from './fault.ts';
import { type LabFleet, labFleet, onHost } from './lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';

/**
 * Kibibytes that the three processes together may grow by after the warm-up: what a collector that is in no hurry
 * leaves lying about, the more so on a busy machine. Over 50,000 tasks a leak of 3 KiB each is seen;
 * the short form warms up too little for that.
 */
const ROOM = { whole: 128 * 1024, short: 256 * 1024 };

interface Sample {
  /** The daemon first, then its executors, KiB. */
  readonly each: readonly number[];
  readonly memory: number;
  readonly handles: number;
  readonly runsOnHosts: number;
}

/** A day's work in a short time: nothing grows. */
export const fault: Fault = {
  id: 'R16',
  title: 'many small tasks and reconnects: memory, handles, rows and spools stay as they are',
  async run({ short, folder, say, check }) {
    const total = short ? 2000 : 50_000;
    const reconnects = short ? 30 : 1000;
    await using fleet = await labFleet([113, 114, 115, 116], folder);
    await using daemon = await DaemonUnderTest.start(folder);
    const names = fleet.hosts.map(host => host.name).join(',');
    const round = fleet.hosts.length * 25;
    const failed: string[] = [];
    let cuts = 0;
    let warm: Sample | undefined;
    const samples: Sample[] = [];
    for (let done = 0; done < total; done += round) {
      const ids: string[] = [];
      for (let task = 0; task < round; task += fleet.hosts.length) {
        const { surroundings } = fleet;
        const params = { command: `echo ${done + task}; seq 1 2000` };
        const retry = { limit: 5, pause: 200 };
        const made = await daemon.api.submit({
          kind: 'ssh.execute',
          hosts: names,
          params,
          surroundings,
          retry,
        });
        ids.push(...made.tasks.map(({ id }) => id));
      }
      while (cuts < (reconnects * (done + round)) / total) {
        await cutAll(pick(fleet.hosts));
        cuts += 1;
      }
      const open = new Set(ids);
      await until('the round ends', 600_000, async () => {
        for (const id of open) {
          const task = await daemon.api.task(id);
          if (task.finishedAt === null) return undefined;
          if (task.state !== 'succeeded') failed.push(`${id} ${task.state} ${task.error?.message ?? ''}`);
          open.delete(id);
        }
        return true;
      });
      await daemon.api.remove({ states: ['succeeded'], dryRun: false });
      samples.push(await sampleOf(daemon, fleet));
      if (done >= total / 4) warm ??= samples.at(-1);
    }
    const [first] = samples;
    const last = samples.at(-1);
    if (!first || !warm || !last) throw new Error('nothing was measured');
    for (const [name, sample] of Object.entries({ first, warm, last }))
      say(
        `${name}: ${sample.each.map(kibibytes => (kibibytes / 1024).toFixed(0)).join(' + ')} MiB, ${sample.handles} handles, ${sample.runsOnHosts} runs kept on hosts`,
      );
    for (const line of failed.slice(0, 5)) say(line);
    check(failed.length === 0, `${failed.length} of ${total} tasks did not succeed; ${cuts} reconnects`);
    check(
      last.memory - warm.memory <= (short ? ROOM.short : ROOM.whole),
      `memory grew by ${((last.memory - warm.memory) / 1024).toFixed(0)} MiB after the warm-up`,
    );
    check(last.handles - warm.handles <= 16, `handles grew by ${last.handles - warm.handles}`);
    const { counts } = await daemon.api.health();
    const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
    check(rows === failed.length, `${rows} rows are left after ended tasks were removed`);
    const left = await afterAWeek(daemon, fleet);
    check(left <= 2 * fleet.hosts.length, `${last.runsOnHosts} runs on the hosts; a week later ${left}`);
  },
};

/** What the hosts still keep of runs that ended a week ago, some time after they are connected to again. */
async function afterAWeek(daemon: DaemonUnderTest, fleet: LabFleet): Promise<number> {
  const { surroundings, hosts } = fleet;
  for (const host of hosts) {
    await onHost(host, 'cd /root/.local/state/deckhand/runs && touch -d "8 days ago" -- *');
    await cutAll(host);
  }
  const names = hosts.map(host => host.name).join(',');
  const retry = { limit: 5, pause: 500 };
  const submission = { kind: 'ssh.execute', hosts: names, params: { command: 'true' }, surroundings, retry };
  for (const { id } of (await daemon.api.submit(submission)).tasks) await daemon.ended(id);
  const count = async (): Promise<number> => (await sampleOf(daemon, fleet)).runsOnHosts;
  await until(
    'the hosts are cleaned',
    120_000,
    async () => ((await count()) <= 2 * hosts.length ? true : undefined),
    1000,
  ).catch(() => undefined);
  return await count();
}

/** Ends every connection of the host from its side, the one that asks for it as well: when that has ended, all have. */
async function cutAll(host: LabHost): Promise<void> {
  await host.run('kill -KILL $(pgrep sshd-session)');
}

async function sampleOf(daemon: DaemonUnderTest, fleet: LabFleet): Promise<Sample> {
  const pids = [daemon.pid, ...(await daemon.executors())];
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const runs = await Promise.all(
    fleet.hosts.map(async host => Number(await onHost(host, 'ls /root/.local/state/deckhand/runs | wc -l'))),
  );
  const each = pids.map(memoryOf);
  return { each, memory: sum(each), handles: sum(pids.map(handlesOf)), runsOnHosts: sum(runs) };
}
