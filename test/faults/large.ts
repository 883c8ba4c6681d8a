import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskView } from '../../src/api/task-api.ts';
import type { TransferResult } from '../../src/core/transfer-params.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import type { Fault, FaultKit } from './fault.ts';
import { partsLeft } from './file-trees.ts';
import { labFleet, type LabFleet, onHost } from './lab-fleet.ts';
import { both, withMemory } from './memory-watch.ts';

const MEBIBYTE = 1024 ** 2;
/** Milliseconds for what takes as long as a disk. */
const LONG = 2_400_000;
/** Kibibytes that one process may take, however large a file is. */
const LIMIT = 300 * 1024;

/** One file that is larger than memory is wide: it arrives whole, and nobody holds more of it than a window. */
export const fault: Fault = {
  id: 'LARGE',
  title: 'one file of 8 GiB down and up: the same by SHA-256, in memory that does not grow with it',
  async run(kit) {
    const size = (kit.short ? 256 : 8192) * MEBIBYTE;
    await using fleet = await labFleet([173], kit.folder, { disk: '20g' });
    await using daemon = await DaemonUnderTest.start(kit.folder);
    const large = new Large(daemon, fleet, kit);
    await large.make(size);
    // by the system's client, and through Deckhand itself
    await large.downAndUp('by a connection of its own', {});
    await large.downAndUp('through the shared one', { rateLimit: 1024 ** 4 });
  },
};

class Large {
  readonly #daemon: DaemonUnderTest;
  readonly #fleet: LabFleet;
  readonly #kit: FaultKit;
  #wanted = '';
  #size = 0;

  constructor(daemon: DaemonUnderTest, fleet: LabFleet, kit: FaultKit) {
    [this.#daemon, this.#fleet, this.#kit] = [daemon, fleet, kit];
  }

  async make(size: number): Promise<void> {
    this.#size = size;
    await this.#there(`head -c ${size} /dev/urandom >/srv/large`);
    this.#wanted = await this.#there('sha256sum </srv/large');
  }

  async downAndUp(how: string, params: Readonly<Record<string, unknown>>): Promise<void> {
    const folder = join(this.#kit.folder, 'here');
    const here = join(folder, 'large');
    mkdirSync(folder);
    await this.#moved(`down ${how}`, 'scp.download', { source: '/srv/large', target: here, ...params }, () =>
      execFileSync('sh', ['-c', 'sha256sum <"$1"', 'sh', here]).toString(),
    );
    await this.#moved(`up ${how}`, 'scp.upload', { source: here, target: '/srv/back', ...params }, () =>
      this.#there('sha256sum </srv/back'),
    );
    rmSync(folder, { recursive: true });
    await this.#there('rm -f /srv/back');
    const left = await partsLeft(this.#kit.folder, this.#fleet.hosts);
    this.#kit.check(left.length === 0, `${how}: ${left.length} parts left ${left.join(' ')}`);
  }

  async #moved(
    what: string,
    kind: string,
    params: Readonly<Record<string, unknown>>,
    hash: () => string | Promise<string>,
  ): Promise<void> {
    const { value: task, most } = await withMemory(this.#daemon, async () => await this.#done(kind, params));
    const { state, error } = task;
    const { bytes = 0, duration = 0, verified = 0 } = (task.result ?? {}) as Partial<TransferResult>;
    const isSame = state === 'succeeded' && (await hash()) === this.#wanted;
    this.#kit.check(
      isSame && bytes === this.#size && verified === 1,
      `${what}: ${state} ${error?.code ?? ''} ${error?.message ?? ''} ${bytes} bytes in ${(duration / 1000).toFixed(1)} s, ${isSame ? 'the same' : 'not the same'} by SHA-256`,
    );
    this.#kit.check(Math.max(most.daemon, most.executor) < LIMIT, `${what}: at most ${both(most)}`);
  }

  async #done(kind: string, params: Readonly<Record<string, unknown>>): Promise<TaskView> {
    const { surroundings, hosts } = this.#fleet;
    const id = await this.#daemon.submit({ kind, hosts: hosts[0]?.name ?? '', params, surroundings });
    return await this.#daemon.ended(id, LONG);
  }

  async #there(script: string): Promise<string> {
    const [host] = this.#fleet.hosts;
    if (!host) throw new Error('a host is needed');
    return await onHost(host, script, LONG);
  }
}
