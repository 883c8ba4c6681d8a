import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskView } from '../../src/api/task-api.ts';
import type { ListResult, TransferResult } from '../../src/core/transfer-params.ts';
import type { LabHost } from '../lab/lab.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import type { Fault, FaultKit } from './fault.ts';
import {
  firstDifference,
  type Look,
  makeOddTree,
  manifestHere,
  manifestThere,
  partsLeft,
} from './file-trees.ts';
import { joinFleets, type LabFleet, labFleet, onHost } from './lab-fleet.ts';

/** Every name and every sort of file, up, down, both ways and from host to host: identical, or refused by name. */
export const fault: Fault = {
  id: 'R10',
  title: 'odd names, sparse files, pipes, sockets and devices',
  async run(kit) {
    await using fleet = await joinFleets(kit.folder, [
      await labFleet([153, 154], join(kit.folder, 'booted')),
      await labFleet([155], join(kit.folder, 'tiny'), { kind: 'busybox' }),
    ]);
    await using daemon = await DaemonUnderTest.start(kit.folder);
    const odd = new OddFiles(daemon, fleet, kit);
    const [one, other, tiny] = fleet.hosts;
    if (!one || !other || !tiny) return;
    await odd.roundTrip(one, 'whole');
    await odd.roundTrip(tiny, 'bare');
    await odd.copies(one, other, 'whole');
    await odd.copies(tiny, one, 'bare');
    await odd.copies(one, tiny, 'bare');
    await odd.withoutSftp(other);
    await odd.refused(one);
    await odd.refused(tiny);
  },
};

class OddFiles {
  readonly #daemon: DaemonUnderTest;
  readonly #fleet: LabFleet;
  readonly #kit: FaultKit;
  readonly #tree: string;

  constructor(daemon: DaemonUnderTest, fleet: LabFleet, kit: FaultKit) {
    [this.#daemon, this.#fleet, this.#kit] = [daemon, fleet, kit];
    this.#tree = join(kit.folder, 'odd');
    makeOddTree(this.#tree);
  }

  async roundTrip(host: LabHost, look: Look): Promise<void> {
    const { check } = this.#kit;
    const wanted = manifestHere(this.#tree, look);
    const back = join(this.#kit.folder, `back-${host.name}`);
    const count = execFileSync('find', [this.#tree, '-printf', 'x']).length;
    const up = await this.#done(host, 'scp.upload', { source: this.#tree, target: '/srv/odd' });
    const there = firstDifference(await manifestThere(host, '/srv/odd', look), wanted);
    check(up.state === 'succeeded' && there === '', `${host.kind}: ${count} things up: ${said(up)} ${there}`);
    const down = await this.#done(host, 'scp.download', { source: '/srv/odd', target: back });
    const here = firstDifference(manifestHere(back, look), wanted);
    check(down.state === 'succeeded' && here === '', `${host.kind}: and down: ${said(down)} ${here}`);
    const blocks = await onHost(host, 'du -k "/srv/odd/sparse large" | cut -f 1');
    const mine = execFileSync('du', ['-k', join(back, 'sparse large')]).toString();
    check(
      Number(blocks) < 4000 && Number.parseInt(mine, 10) < 4000,
      `${host.kind}: 40 MB with a hole take ${blocks.trim()} KiB there and ${Number.parseInt(mine, 10)} KiB back here`,
    );
    for (const direction of ['push', 'pull', 'both']) {
      const params = { local: back, remote: '/srv/odd', direction, deleteExtra: true };
      const again = await this.#done(host, 'scp.sync', params);
      const { bytes, deleted } = resultOf(again);
      check(
        again.state === 'succeeded' && bytes === 0 && deleted === 0,
        `${host.kind}: sync ${direction} of the same moves ${bytes} bytes and deletes ${deleted}: ${said(again)}`,
      );
    }
    const listed = await this.#done(host, 'scp.list', { path: '/srv/odd', recursive: true });
    const { entries } = listed.result as unknown as ListResult;
    const names = new Set(
      entries.map(({ name, raw }) =>
        (raw === undefined ? Buffer.from(name) : Buffer.from(raw, 'base64')).toString('latin1'),
      ),
    );
    const real = execFileSync('find', [this.#tree, '-mindepth', '1', '-printf', String.raw`%P\0`]);
    const missing = real
      .toString('latin1')
      .split('\0')
      .filter(name => name !== '' && !names.has(name));
    check(
      missing.length === 0,
      `${host.kind}: ls names ${names.size} of them ${missing.slice(0, 2).join(' ')}`,
    );
    // all of them change, then all of them go
    execFileSync('find', [
      back,
      '-type',
      'f',
      '-size',
      '-100k',
      '-exec',
      'sh',
      '-c',
      'for f; do printf more >>"$f"; done',
      'sh',
      '{}',
      '+',
    ]);
    const push = await this.#done(host, 'scp.sync', { local: back, remote: '/srv/odd', direction: 'push' });
    const changed = firstDifference(await manifestThere(host, '/srv/odd', look), manifestHere(back, look));
    check(
      push.state === 'succeeded' && changed === '',
      `${host.kind}: changed ones up: ${said(push)} ${changed}`,
    );
    const empty = join(this.#kit.folder, `empty-${host.name}`);
    mkdirSync(empty);
    const wipe = {
      local: empty,
      remote: '/srv/odd',
      direction: 'push',
      deleteExtra: true,
      allowEmptySource: true,
    };
    const gone = await this.#done(host, 'scp.sync', wipe);
    const left = await onHost(host, 'ls -A /srv/odd');
    check(
      gone.state === 'succeeded' && left === '',
      `${host.kind}: all of them deleted: ${said(gone)} ${left}`,
    );
    await this.#nothingLeft(host);
  }

  async copies(from: LabHost, to: LabHost, look: Look): Promise<void> {
    await this.#done(from, 'scp.upload', { source: this.#tree, target: '/srv/copied' });
    await onHost(from, 'mkfifo /srv/copied/pipe');
    const copy = await this.#done(from, 'scp.copy', {
      source: '/srv/copied',
      toHost: to.name,
      target: '/srv/copy',
    });
    await onHost(from, 'rm /srv/copied/pipe; touch -d @1600000000 /srv/copied; true');
    await onHost(to, 'touch -d @1600000000 /srv/copy');
    const differs = firstDifference(
      await manifestThere(to, '/srv/copy', look),
      await manifestThere(from, '/srv/copied', look),
    );
    const { skipped } = resultOf(copy);
    this.#kit.check(
      copy.state === 'succeeded' && differs === '' && skipped.map(({ path }) => path).join() === 'pipe',
      `${from.kind} to ${to.kind}: copied, ${skipped.length} left out by name: ${said(copy)} ${differs}`,
    );
    await onHost(from, 'rm -rf /srv/copied');
    await onHost(to, 'rm -rf /srv/copy');
    await this.#nothingLeft(to);
  }

  /** A booted host whose sshd has no SFTP: streams of POSIX sh for everything. */
  async withoutSftp(host: LabHost): Promise<void> {
    await host.mod('nosftp');
    await this.roundTrip(host, 'whole');
  }

  /** What is no file, folder or link stays where it is, and its name is said. */
  async refused(host: LabHost): Promise<void> {
    const odd = join(this.#kit.folder, `devices-${host.name}`);
    mkdirSync(odd);
    const make = [
      'mkfifo pipe; mknod null c 1 3; mknod disk b 7 99; echo f >file; ln -s null to-null',
      'mkdir sub; mkfifo "sub/$(printf "new\\nline")"',
    ].join('; ');
    execFileSync(
      'sh',
      [
        '-c',
        `${make}; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('sock')" 2>/dev/null || true`,
      ],
      { cwd: odd },
    );
    const put = await this.#done(host, 'scp.upload', { source: odd, target: '/srv/devices' });
    const there = (await onHost(host, 'cd /srv/devices; find . | sort')).trim().split('\n').join(' ');
    const names = resultOf(put).skipped.map(({ path }) => path);
    this.#kit.check(
      put.state === 'succeeded' && there === '. ./file ./sub ./to-null' && names.length >= 4,
      `${host.kind}: put leaves out ${JSON.stringify(names)}: ${there}`,
    );
    await onHost(host, 'cd /srv/devices && mkfifo pipe && mknod null c 1 3 && mknod disk b 7 99');
    const target = join(this.#kit.folder, `no-devices-${host.name}`);
    const get = await this.#done(host, 'scp.download', { source: '/srv/devices', target });
    const here = execFileSync('sh', ['-c', 'find . | sort'], { cwd: target })
      .toString()
      .trim()
      .split('\n')
      .join(' ');
    const left = resultOf(get).skipped.map(({ path }) => path);
    this.#kit.check(
      get.state === 'succeeded' && here === '. ./file ./sub ./to-null' && left.length === 3,
      `${host.kind}: get leaves out ${JSON.stringify(left)}: ${here}`,
    );
    for (const path of ['pipe', 'null']) {
      const up = await this.#done(host, 'scp.upload', { source: join(odd, path), target: '/srv/one' });
      const down = await this.#done(host, 'scp.download', {
        source: `/srv/devices/${path}`,
        target: join(this.#kit.folder, 'one'),
      });
      const codes = [up.error?.code, down.error?.code].join(' ');
      this.#kit.check(
        codes === 'transfer.unsupported transfer.unsupported',
        `${host.kind}: ${path} alone is refused both ways: ${codes}`,
      );
    }
  }

  async #nothingLeft(host: LabHost): Promise<void> {
    const left = await partsLeft(this.#kit.folder, [host]);
    this.#kit.check(left.length === 0, `${host.kind}: ${left.length} parts left ${left.join(' ')}`);
  }

  async #done(host: LabHost, kind: string, params: Record<string, unknown>): Promise<TaskView> {
    const { surroundings } = this.#fleet;
    const { tasks } = await this.#daemon.api.submit({ kind, hosts: host.name, params, surroundings });
    return await this.#daemon.ended(tasks[0]?.id ?? '');
  }
}

function resultOf(task: TaskView): TransferResult {
  const none = { bytes: -1, deleted: -1, skipped: [] };
  return (task.result ?? none) as unknown as TransferResult;
}

function said({ state, error, result }: TaskView): string {
  const failures = (result as { failures?: object[] } | null)?.failures ?? [];
  return error === null
    ? state
    : `${state} ${error.code} ${error.message} ${JSON.stringify(failures.slice(0, 2))}`;
}
