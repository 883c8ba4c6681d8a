import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskView } from '../../src/api/task-api.ts';
import type { TransferResult } from '../../src/core/transfer-params.ts';
import type { LabHost } from '../lab/lab.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import type { Fault, FaultKit } from './fault.ts';
import { firstDifference, type Look, manifestHere, manifestThere, partsLeft } from './file-trees.ts';
import { joinFleets, type LabFleet, labFleet, onHost } from './lab-fleet.ts';

/** Trees that nobody here made go down, up, from host to host and both ways, identical by manifest. */
export const fault: Fault = {
  id: 'TREES',
  title: 'the source of a large package, and the /usr/share of a host: identical every way',
  async run(kit) {
    const disk = kit.short ? {} : { disk: '16g' };
    await using fleet = await joinFleets(kit.folder, [
      await labFleet([156, 157], join(kit.folder, 'booted'), disk),
      await labFleet([158], join(kit.folder, 'tiny'), { kind: 'busybox', ...disk }),
    ]);
    await using daemon = await DaemonUnderTest.start(kit.folder);
    const trees = new Trees(daemon, fleet, kit);
    const [one] = fleet.hosts;
    if (!one) return;
    await unpackSource(one, kit.short ? PART : WHOLE);
    await trees.everyWay(SOURCE);
    await onHost(one, `rm -rf ${SOURCE}`, LONG);
    const real = kit.short ? ['/usr/share/zoneinfo', '/etc'] : ['/usr/share', '/usr/lib', '/etc'];
    for (const path of real) {
      if ((await one.run(`test -d ${path}`)).code !== 0) continue;
      await trees.everyWay(path);
    }
  },
};

/** A Debian package that holds sources as an archive, and the names in there that are taken; none = all. */
interface SourcePackage {
  readonly name: string;
  readonly parts: readonly string[];
}
/** The kernel's: some 90,000 files, 1.5 GB. */
const WHOLE: SourcePackage = { name: 'linux-source', parts: [] };
const PART: SourcePackage = { name: 'glibc-source', parts: ['*/elf/*', '*/posix/*'] };
const SOURCE = '/srv/package';
/** Milliseconds for what a host does with all of it by itself. */
const LONG = 900_000;

async function unpackSource(host: LabHost, { name, parts }: SourcePackage): Promise<void> {
  const script = [
    `mkdir -p ${SOURCE} /srv/deb && cd /srv/deb && apt-get -qq update && apt-get -qq install -y xz-utils >&2`,
    // the kernel's is the newest of several, which this one leads to
    `newest=$(apt-cache depends ${name} | sed -n 's/^ *Depends: *\\(${name}-[0-9.]*\\)$/\\1/p')`,
    `apt-get -qq -o APT::Sandbox::User=root download "\${newest:-${name}}" && dpkg-deb -x ./*.deb .`,
    `tar -C ${SOURCE} --wildcards -xf "$(find usr/src -name '*.tar.*' | head -n 1)" ${parts.map(part => `'${part}'`).join(' ')}`,
    'cd / && rm -r /srv/deb',
  ].join(' && ');
  await onHost(host, script, LONG);
}

class Trees {
  readonly #daemon: DaemonUnderTest;
  readonly #fleet: LabFleet;
  readonly #kit: FaultKit;
  #number = 0;

  constructor(daemon: DaemonUnderTest, fleet: LabFleet, kit: FaultKit) {
    [this.#daemon, this.#fleet, this.#kit] = [daemon, fleet, kit];
  }

  async everyWay(path: string): Promise<void> {
    const [one, other, tiny] = this.#fleet.hosts;
    if (!one || !other || !tiny) return;
    this.#number += 1;
    const here = join(this.#kit.folder, 'trees', String(this.#number));
    const size = (await onHost(one, `cd ${path} && find . | wc -l; du -sm . | cut -f 1`)).trim().split('\n');
    const wanted = await manifestThere(one, path);
    const down = await this.#done(one, 'scp.download', { source: path, target: here });
    this.#judge(
      `${path}, ${size[0]} things of ${size[1]} MiB, down`,
      down,
      firstDifference(manifestHere(here), wanted),
    );
    const up = await this.#done(other, 'scp.upload', { source: here, target: '/srv/up' });
    this.#judge(`${path} up`, up, firstDifference(await manifestThere(other, '/srv/up'), wanted));
    const again = await this.#done(other, 'scp.sync', {
      local: here,
      remote: '/srv/up',
      direction: 'push',
      deleteExtra: true,
    });
    const { bytes = -1 } = (again.result ?? {}) as Partial<TransferResult>;
    this.#judge(`${path} again moves ${bytes} bytes`, again, bytes === 0 ? '' : 'it moves something');
    const look: Look = 'bare';
    const bare = manifestHere(here, look);
    const small = await this.#done(tiny, 'scp.upload', { source: here, target: '/srv/up' });
    this.#judge(
      `${path} up without SFTP`,
      small,
      firstDifference(await manifestThere(tiny, '/srv/up', look), bare),
    );
    const copy = await this.#done(one, 'scp.copy', { source: path, toHost: other.name, target: '/srv/copy' });
    this.#judge(
      `${path} from host to host`,
      copy,
      firstDifference(await manifestThere(other, '/srv/copy'), wanted),
    );
    const back = `${here}-back`;
    const fromTiny = await this.#done(tiny, 'scp.download', { source: '/srv/up', target: back });
    this.#judge(`${path} back from there`, fromTiny, firstDifference(manifestHere(back, look), bare));
    await this.#both(path, other, here);
    for (const host of [other, tiny]) await onHost(host, 'rm -rf /srv/up /srv/copy', LONG);
    for (const folder of [here, back]) if (existsSync(folder)) rmSync(folder, { recursive: true });
    const left = await partsLeft(this.#kit.folder, this.#fleet.hosts);
    this.#kit.check(left.length === 0, `${path}: ${left.length} parts left ${left.join(' ')}`);
  }

  /** Half of it only here, half only there: both have all of it in the end. */
  async #both(path: string, host: LabHost, here: string): Promise<void> {
    const wanted = manifestHere(here);
    const half = (rest: number): string =>
      String.raw`find . -type f -links 1 -print0 | sort -z | awk 'BEGIN{RS=ORS="\0"} NR % 3 == ${rest}' | xargs -0 -r rm -f`;
    execFileSync('sh', ['-c', half(0)], { cwd: here });
    await onHost(host, `cd /srv/up && ${half(1)}`, LONG);
    const both = await this.#done(host, 'scp.sync', { local: here, remote: '/srv/up', direction: 'both' });
    // folders' times are of the moment on both sides
    const files = (text: string): string =>
      text
        .split('\n')
        .filter(line => !/ d \d+ [\d.]+ ?$/.test(line))
        .join('\n');
    const mine = firstDifference(files(manifestHere(here)), files(wanted));
    const theirs = firstDifference(files(await manifestThere(host, '/srv/up')), files(wanted));
    this.#judge(`${path} both ways`, both, mine || theirs);
  }

  #judge(what: string, { state, error, result }: TaskView, differs: string): void {
    const { duration = 0, files = 0 } = (result ?? {}) as { duration?: number; files?: number };
    this.#kit.check(
      state === 'succeeded' && differs === '',
      `${what}: ${state} ${error?.code ?? ''}${error?.message ?? ''} ${files} files in ${(duration / 1000).toFixed(1)} s ${differs || 'identical'}`,
    );
  }

  async #done(host: LabHost, kind: string, params: Record<string, unknown>): Promise<TaskView> {
    mkdirSync(join(this.#kit.folder, 'trees'), { recursive: true });
    const { surroundings } = this.#fleet;
    const id = await this.#daemon.submit({ kind, hosts: host.name, params, surroundings });
    return await this.#daemon.ended(id, 4 * LONG);
  }
}
