import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskView } from '../../src/api/task-api.ts';
import type { ListResult, TransferResult } from '../../src/core/transfer-params.ts';
import { DaemonUnderTest, memoryOf } from './daemon-under-test.ts';
import type { Fault, FaultKit } from './fault.ts';
import { labFleet, type LabFleet, onHost } from './lab-fleet.ts';

/** As many things as people have: listed, fetched, compared again; memory grows no faster than their number. */
export const fault: Fault = {
  id: 'MANY',
  title: 'listing and sync of very many entries',
  async run(kit) {
    const total = kit.short ? 100_000 : 1_000_000;
    await using fleet = await labFleet([172], kit.folder);
    await using daemon = await DaemonUnderTest.start(kit.folder);
    const many = new Many(daemon, fleet, kit);
    await many.make(total);
    await many.listing(total);
    await many.compared(total);
    await many.moved(100_000);
    if (!kit.short) await many.tooMany(total);
  },
};

class Many {
  readonly #daemon: DaemonUnderTest;
  readonly #fleet: LabFleet;
  readonly #kit: FaultKit;

  constructor(daemon: DaemonUnderTest, fleet: LabFleet, kit: FaultKit) {
    [this.#daemon, this.#fleet, this.#kit] = [daemon, fleet, kit];
  }

  /** Folders of a thousand files; the root and the folders count. */
  async make(total: number): Promise<void> {
    const script = (count: number, root: string): string =>
      `mkdir -p ${root} && cd ${root} && i=0; while [ $i -lt ${Math.floor((count - 1) / 1000)} ]; do mkdir d$i; ( cd d$i; seq 999 | sed 's/^/file with a name /' | tr '\\n' '\\0' | xargs -0 touch ); i=$((i + 1)); done`;
    const [host] = this.#fleet.hosts;
    if (!host) return;
    const { code, stderr } = await host.run(script(total, '/srv/many'), { timeoutMs: 600_000 });
    if (code !== 0) throw new Error(stderr);
    if (total > 100_000) await host.run(script(100_000, '/srv/some'), { timeoutMs: 600_000 });
    else await onHost(host, 'ln -s many /srv/some');
  }

  async listing(total: number): Promise<void> {
    const first = await this.#done('scp.list', { path: '/srv/many', recursive: true });
    const { entries, truncated } = first.task.result as unknown as ListResult;
    this.#kit.check(
      entries.length === 10_000 && truncated,
      `ls of ${total}: ${entries.length} shown, ${truncated ? 'and said to be a part' : 'as if it were all'}, ${said(first)}`,
    );
    this.#bounded('ls', first, 300);
  }

  /** A dry run over all of them: nothing moves, the plan is bounded and counted. */
  async compared(total: number): Promise<void> {
    const target = join(this.#kit.folder, 'nothing');
    mkdirSync(target);
    const run = await this.#done('scp.sync', {
      local: target,
      remote: '/srv/many',
      direction: 'pull',
      dryRun: true,
    });
    const { plan = [], planCount = 0 } = run.task.result as unknown as TransferResult;
    const wanted = Math.floor((total - 1) / 1000) * 1000;
    this.#kit.check(
      plan.length === 10_000 && Math.abs(planCount - wanted) <= 1,
      `dry run of ${total}: ${planCount} planned, ${plan.length} of them shown, ${said(run)}`,
    );
    this.#bounded('dry run', run, 250 + total / 1000);
  }

  async moved(total: number): Promise<void> {
    const target = join(this.#kit.folder, 'moved');
    const down = await this.#done('scp.download', { source: '/srv/some/', target });
    const { files } = down.task.result as unknown as TransferResult;
    this.#kit.check(down.task.state === 'succeeded', `get of ${total}: ${files} files, ${said(down)}`);
    const again = await this.#done('scp.sync', {
      local: target,
      remote: '/srv/some/',
      direction: 'pull',
      deleteExtra: true,
    });
    const { bytes, unchanged } = again.task.result as unknown as TransferResult;
    this.#kit.check(bytes === 0 && unchanged > 99_000, `again: ${unchanged} unchanged, ${said(again)}`);
    const up = await this.#done('scp.upload', { source: target, target: '/srv/back' });
    const back = up.task.result as unknown as TransferResult;
    this.#kit.check(back.files === files, `put of ${total}: ${back.files} files, ${said(up)}`);
    for (const each of [down, again, up]) this.#bounded('move', each, 700);
    rmSync(target, { recursive: true });
  }

  /** Beyond the limit it says so instead of taking all memory. */
  async tooMany(total: number): Promise<void> {
    const [host] = this.#fleet.hosts;
    if (host)
      await host.run('cd /srv/many && mkdir more && cd more && seq 5000 | xargs touch', {
        timeoutMs: 60_000,
      });
    const over = await this.#done('scp.download', {
      source: '/srv/many',
      target: join(this.#kit.folder, 'over'),
    });
    this.#kit.check(
      over.task.error?.code === 'transfer.too-many-entries',
      `more than ${total}: ${over.task.error?.code ?? over.task.state}, ${said(over)}`,
    );
  }

  #bounded(what: string, { most }: Ran, limit: number): void {
    this.#kit.check(
      most < limit * 1024,
      `${what}: at most ${(most / 1024).toFixed(0)} MiB in one process (limit ${limit.toFixed(0)})`,
    );
  }

  async #done(kind: string, params: Record<string, unknown>): Promise<Ran> {
    const { surroundings, hosts } = this.#fleet;
    const begun = performance.now();
    const id = await this.#daemon.submit({
      kind,
      hosts: hosts[0]?.name ?? '',
      params,
      surroundings,
    });
    const pids = [this.#daemon.pid, ...(await this.#daemon.executors())];
    let most = 0;
    const watch = setInterval(() => {
      for (const pid of pids) most = Math.max(most, memoryOf(pid));
    }, 100);
    try {
      const task = await this.#daemon.ended(id, 1_200_000);
      return { task, most, seconds: (performance.now() - begun) / 1000 };
    } finally {
      clearInterval(watch);
    }
  }
}

interface Ran {
  readonly task: TaskView;
  /** Kibibytes of the largest process. */
  readonly most: number;
  readonly seconds: number;
}

function said({ task, most, seconds }: Ran): string {
  return `${task.state} ${task.error?.code ?? ''} in ${seconds.toFixed(1)} s, at most ${(most / 1024).toFixed(0)} MiB`;
}
