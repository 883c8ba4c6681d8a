import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskView } from '../../src/api/task-api.ts';
import type { LabHost } from '../lab/lab.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import type { Fault, FaultKit } from './fault.ts';
import { hashesHere, hashesThere, makeTree, partsLeft } from './file-trees.ts';
import { fullStore } from './full-store.ts';
import { joinFleets, type LabFleet, labFleet, onHost } from './lab-fleet.ts';

/** Room is taken away at every phase, on the host and here: a typed error, nothing half-written, nothing lost. */
export const fault: Fault = {
  id: 'R04',
  title: 'no room on the host, on this machine, and for the store',
  async run(kit) {
    await using fleet = await fullFleet(kit.folder);
    {
      await using daemon = await DaemonUnderTest.start(kit.folder);
      const full = new Full(daemon, fleet, kit);
      await full.prepare();
      const all = ['0', '40k', '200k', '600k', '1200k', '2m', '3m', '5m', '7m'];
      for (const host of fleet.hosts) {
        const rooms = host.kind === 'booted' ? ['200k', '3m'] : ['3m'];
        for (const room of kit.short ? rooms : all) await full.there(host, room);
        await full.noNamesThere(host);
      }
      for (const room of kit.short ? ['3m'] : all) await full.here(room);
    }
    await fullStore(kit, fleet);
  },
};

async function fullFleet(folder: string): Promise<LabFleet> {
  return await joinFleets(folder, [
    await labFleet([150], folder),
    await labFleet([151], folder, { kind: 'busybox' }),
  ]);
}

const SMALL = '/srv/small';

class Full {
  readonly #daemon: DaemonUnderTest;
  readonly #fleet: LabFleet;
  readonly #kit: FaultKit;

  constructor(daemon: DaemonUnderTest, fleet: LabFleet, kit: FaultKit) {
    [this.#daemon, this.#fleet, this.#kit] = [daemon, fleet, kit];
  }

  /** One large file, many small ones, and a tree of both; the same on the hosts. */
  async prepare(): Promise<void> {
    makeTree(this.#path('tree'), { files: 600, big: 9_000_000 });
    makeTree(this.#path('small'), { files: 3000, big: 0 });
    mkdirSync(this.#path('one'));
    writeFileSync(this.#path('one', 'file'), Buffer.alloc(10_000_000, 'abcdefg'));
    for (const host of this.#fleet.hosts) {
      await onHost(host, `mkdir -p ${SMALL}`);
      const params = { local: this.#path(), remote: '/srv/source', direction: 'push' };
      const { state, error } = await this.#done(host, 'scp.sync', params);
      if (state !== 'succeeded') throw new Error(`the source did not arrive: ${JSON.stringify(error)}`);
    }
  }

  /** A file system that has `room` left beside the older version of everything. */
  async there(host: LabHost, room: string): Promise<void> {
    for (const [what, source] of this.#sources()) {
      await onHost(
        host,
        `mount -t tmpfs -o size=24m none ${SMALL}; mkdir ${SMALL}/old; cd ${SMALL}/old; echo old >big; mkdir -p "folder 0/0"; echo old >"folder 0/0/file-0"`,
      );
      await fill(async command => await onHost(host, command), SMALL, room);
      const before = await hashesThere(host, `${SMALL}/old`);
      const put = await this.#done(host, 'scp.upload', { source, target: `${SMALL}/new` });
      await this.#judgeThere(host, `put of ${what}, ${room} left`, put, before);
      if (what !== 'a large file') {
        const params = { local: source, remote: `${SMALL}/old`, direction: 'push', deleteExtra: true };
        const sync = await this.#done(host, 'scp.sync', params);
        await this.#judgeThere(host, `sync of ${what}, ${room} left`, sync, before);
      }
      await onHost(host, `cd /; umount ${SMALL}`);
    }
    if (host.kind === 'busybox') return;
    // from the other host
    await onHost(host, `mount -t tmpfs -o size=24m none ${SMALL}`);
    await fill(async command => await onHost(host, command), SMALL, room);
    const [, tiny] = this.#fleet.hosts;
    const params = { source: '/srv/source/tree', toHost: host.name, target: `${SMALL}/new` };
    const copied = await this.#done(tiny as LabHost, 'scp.copy', params);
    await this.#judgeThere(host, `cp of a tree, ${room} left`, copied, new Map());
    await onHost(host, `umount ${SMALL}`);
  }

  /** Bytes, but no names. */
  async noNamesThere(host: LabHost): Promise<void> {
    await onHost(host, `mount -t tmpfs -o size=64m,nr_inodes=40 none ${SMALL}`);
    const put = await this.#done(host, 'scp.upload', { source: this.#path('tree'), target: `${SMALL}/new` });
    await this.#judgeThere(host, 'put of a tree, names for 40 files', put, new Map());
    await onHost(host, `umount ${SMALL}`);
  }

  /** The same with a full disk on this machine. */
  async here(room: string): Promise<void> {
    const small = join(this.#kit.folder, 'room');
    mkdirSync(small, { recursive: true });
    const [host] = this.#fleet.hosts;
    if (!host) return;
    for (const [what, source] of this.#sources()) {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', small]);
      try {
        const old = join(small, 'old');
        mkdirSync(join(old, 'folder 0/0'), { recursive: true });
        writeFileSync(join(old, 'big'), 'old');
        writeFileSync(join(old, 'folder 0/0/file-0'), 'old');
        await fill(async command => execFileSync('sh', ['-c', command]).toString(), small, room);
        const before = hashesHere(old);
        const remote = source.replace(this.#path(), '/srv/source');
        const get = await this.#done(host, 'scp.download', { source: remote, target: join(small, 'new') });
        await this.#judgeHere(`get of ${what}, ${room} left`, get, before);
        if (what !== 'a large file') {
          const params = { local: old, remote, direction: 'pull', deleteExtra: true };
          const pull = await this.#done(host, 'scp.sync', params);
          await this.#judgeHere(`sync of ${what}, ${room} left`, pull, before);
        }
      } finally {
        execFileSync('umount', [small]);
      }
    }
    rmSync(small, { recursive: true });
  }

  #sources(): readonly (readonly [string, string])[] {
    return [
      ['a large file', this.#path('one', 'file')],
      ['small files', this.#path('small')],
      ['a tree', this.#path('tree')],
    ];
  }

  async #judgeThere(
    host: LabHost,
    what: string,
    task: TaskView,
    before: ReadonlyMap<string, string>,
  ): Promise<void> {
    const left = await partsLeft(this.#kit.folder, [host], [SMALL]);
    const names = (await onHost(host, `ls -A ${SMALL}`)).trim().split('\n');
    const now = names.includes('old') ? await hashesThere(host, `${SMALL}/old`) : new Map<string, string>();
    this.#judge(`${host.kind}: ${what}`, task, 'host.disk-full', { left, names, before, now });
    if (task.state === 'succeeded') await onHost(host, `rm -rf ${SMALL}/new`);
  }

  async #judgeHere(what: string, task: TaskView, before: ReadonlyMap<string, string>): Promise<void> {
    const small = join(this.#kit.folder, 'room');
    const left = await partsLeft(small, []);
    const names = readdirSync(small);
    this.#judge(`here: ${what}`, task, 'transfer.local-disk-full', {
      left,
      names,
      before,
      now: hashesHere(join(small, 'old')),
    });
    if (task.state === 'succeeded') rmSync(join(small, 'new'), { recursive: true, force: true });
  }

  #judge(
    what: string,
    { state, error }: TaskView,
    code: string,
    seen: {
      readonly left: readonly string[];
      readonly names: readonly string[];
      readonly before: ReadonlyMap<string, string>;
      readonly now: ReadonlyMap<string, string>;
    },
  ): void {
    const whole = this.#hashes();
    const { left, names, before, now } = seen;
    const strange = names.filter(name => !['old', 'fill', ''].includes(name));
    // each file is the old one or the whole new one
    const torn = [...now].filter(([name, hash]) => before.get(name) !== hash && !whole.has(hash));
    const isGood =
      state === 'succeeded' || (state === 'failed' && error?.code === code && strange.length === 0);
    this.#kit.check(
      isGood && left.length === 0 && torn.length === 0,
      `${what}: ${state} ${error?.code ?? ''}${isGood ? '' : ` ${error?.message}`}; ${[...left, ...strange, ...torn.map(([name]) => `torn ${name}`)].slice(0, 3).join(', ') || 'nothing half'}`,
    );
  }
  #hashes(): ReadonlySet<string> {
    this.#whole ??= new Set(hashesHere(this.#path()).values());
    return this.#whole;
  }
  #whole: ReadonlySet<string> | undefined;

  async #done(host: LabHost, kind: string, params: Record<string, unknown>): Promise<TaskView> {
    const { surroundings } = this.#fleet;
    const id = await this.#daemon.submit({ kind, hosts: host.name, params, surroundings });
    return await this.#daemon.ended(id);
  }
  #path(...names: readonly string[]): string {
    return join(this.#kit.folder, 'source', ...names);
  }
}

/** Fills a file system until about `room` is left. */
async function fill(run: (command: string) => Promise<string>, folder: string, room: string): Promise<void> {
  const bytes = Number.parseInt(room, 10) * (room.endsWith('m') ? 1024 ** 2 : 1024);
  const text = `a=$(df -k ${folder} | tail -n 1 | awk '{print $4}'); head -c $(( a * 1024 - ${bytes} )) /dev/zero >${folder}/fill; true`;
  await run(text);
}
