import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskView } from '../../src/api/task-api.ts';
import type { ListResult, TransferResult } from '../../src/core/transfer-params.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import type { Fault, FaultKit } from './fault.ts';
import { firstDifference, digestHere, digestThere } from './file-trees.ts';
import { labFleet, type LabFleet, onHost } from './lab-fleet.ts';
import { both, type Memory, memoryAfter, withMemory } from './memory-watch.ts';

/** Milliseconds for what is done to all of them. */
const LONG = 2_400_000;
/** Kibibytes that a daemon and an executor may keep after a task over all of them. */
const KEPT = 500 * 1024;

/** As many things as people have: listed, fetched, compared again; memory grows no faster than their number. */
export const fault: Fault = {
  id: 'MANY',
  title: 'listing and sync of very many entries',
  async run(kit) {
    const total = kit.short ? 100_000 : 1_000_000;
    // a million files of a block each, and their copies, are more than the memory that a host's disk has
    await using fleet = await labFleet([172], kit.folder, kit.short ? {} : { disk: '48g' });
    await using daemon = await DaemonUnderTest.start(kit.folder);
    const many = new Many(daemon, fleet, kit);
    await many.make(total);
    await many.listing(total);
    await many.compared(total);
    await many.moved(total);
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

  /** Folders of a thousand files, each with a line of its own; the root and the folders count. */
  async make(total: number): Promise<void> {
    const script = [
      'mkdir /srv/many && cd /srv/many && i=0',
      `while [ $i -lt ${Math.floor((total - 1) / 1000)} ]; do mkdir d$i`,
      `( cd d$i && seq -f "$i %g" 999 | split -l 1 -d -a 4 - 'file with a name ' ) || exit`,
      'i=$((i + 1)); done',
    ];
    const [host] = this.#fleet.hosts;
    if (host) await onHost(host, script.join('; '), LONG);
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

  /** Down, again, and up: the same to the byte, and memory is given back. */
  async moved(total: number): Promise<void> {
    const [host] = this.#fleet.hosts;
    if (!host) return;
    const target = join(this.#kit.folder, 'moved');
    const wanted = await digestThere(host, '/srv/many');
    const down = await this.#done('scp.download', { source: '/srv/many', target });
    this.#same(`get of ${total}`, down, firstDifference(digestHere(target), wanted));
    await this.#givenBack('get', down);
    const again = await this.#done('scp.sync', {
      local: target,
      remote: '/srv/many',
      direction: 'pull',
      deleteExtra: true,
    });
    const { bytes, unchanged } = (again.task.result ?? {}) as Partial<TransferResult>;
    this.#kit.check(
      bytes === 0 && unchanged === thingsOf(total),
      `again: ${unchanged} unchanged, ${said(again)}`,
    );
    await this.#givenBack('again', again);
    const up = await this.#done('scp.upload', { source: target, target: '/srv/back' });
    this.#same(`put of ${total}`, up, firstDifference(await digestThere(host, '/srv/back'), wanted));
    await this.#givenBack('put', up);
    for (const each of [down, again, up]) this.#bounded('move', each, 400 + total / 1000);
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

  #same(what: string, run: Ran, differs: string): void {
    const { files } = (run.task.result ?? {}) as Partial<TransferResult>;
    this.#kit.check(
      run.task.state === 'succeeded' && differs === '',
      `${what}: ${files} files, ${said(run)}, ${differs || 'identical'}`,
    );
  }

  /** What a task over all of them needed is not kept until the next one. */
  async #givenBack(what: string, { most }: Ran): Promise<void> {
    const after = await memoryAfter(this.#daemon, KEPT);
    this.#kit.check(after.daemon < KEPT, `after ${what}: ${both(after)}; at most it was ${both(most)}`);
  }

  #bounded(what: string, { most }: Ran, limit: number): void {
    this.#kit.check(
      Math.max(most.daemon, most.executor) < limit * 1024,
      `${what}: at most ${both(most)} (limit ${limit.toFixed(0)})`,
    );
  }

  async #done(kind: string, params: Record<string, unknown>): Promise<Ran> {
    const { surroundings, hosts } = this.#fleet;
    const begun = performance.now();
    const { value: task, most } = await withMemory(this.#daemon, async () => {
      const id = await this.#daemon.submit({ kind, hosts: hosts[0]?.name ?? '', params, surroundings });
      return await this.#daemon.ended(id, LONG);
    });
    return { task, most, seconds: (performance.now() - begun) / 1000 };
  }
}

interface Ran {
  readonly task: TaskView;
  readonly most: Memory;
  readonly seconds: number;
}

/** Files, the folders they are in, and the root. */
function thingsOf(total: number): number {
  return Math.floor((total - 1) / 1000) * 1000 + 1;
}

function said({ task, most, seconds }: Ran): string {
  return `${task.state} ${task.error?.code ?? ''} in ${seconds.toFixed(1)} s, at most ${both(most)}`;
}
