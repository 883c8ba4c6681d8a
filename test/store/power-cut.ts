import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import { openSqliteStore } from '../../src/store/sqlite/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startStoreProcess } from './store-process.ts';

const run = promisify(execFile);

export interface PowerCut {
  /** Acknowledged before the power failed. */
  readonly submitted: number;
  readonly succeeded: number;
  /** Acknowledged and not there afterwards. */
  readonly lost: readonly string[];
  /** What is wrong with the store afterwards; empty = it opened and is sound. */
  readonly faults: readonly string[];
}

export interface PowerCutOptions {
  /** An empty folder for images and mounts; it may be left as it is afterwards. */
  readonly folder: string;
  /** Milliseconds of work before the cut, from the first task that was carried out. */
  readonly after: number;
  /** True: the kernel writes files back at moments of its own, as it may. */
  readonly writeBack: boolean;
}

/**
 * Lets a store work on a file system of its own and cuts the power: the image of the disk is copied at that
 * moment, and the copy holds what a disk would. The copy is mounted and the store opened on it.
 * Needs root and loop devices.
 */
export async function cutPower({ folder, after, writeBack }: PowerCutOptions): Promise<PowerCut> {
  const image = join(folder, 'disk.img');
  const copy = join(folder, 'disk-after.img');
  await makeDisk(image);
  const before = await mountDisk(image, join(folder, 'before'));
  const { submitted, succeeded } = await (async () => {
    try {
      const worker = await startStoreProcess(join(before.path, 'state'));
      await run('sync', ['-f', before.path]);
      // a cut that came before any work would show nothing
      while (worker.succeeded.length === 0) await worker.more(1);
      const cut = new AbortController();
      const writingBack = writeBack ? writeBackNowAndThen(join(before.path, 'state'), cut.signal) : undefined;
      await pause(after);
      cut.abort();
      await writingBack;
      worker.process.kill('SIGSTOP');
      await run('cp', ['--sparse=always', image, copy]);
      await worker.kill();
      return worker;
    } finally {
      await before.unmount();
    }
  })();
  const later = await mountDisk(copy, join(folder, 'after'));
  try {
    const found = await lookAt(join(later.path, 'state'), submitted, succeeded);
    return { submitted: submitted.length, succeeded: succeeded.length, ...found };
  } finally {
    await later.unmount();
    await Promise.all([image, copy].map(each => rm(each)));
  }
}

/** Many cuts at random moments between 0.5 and 4 seconds, every second one with files written back meanwhile. */
export async function cutPowerOften(
  folder: string,
  rounds: number,
  random: () => number = Math.random,
): Promise<readonly PowerCut[]> {
  const cuts: PowerCut[] = [];
  for (let round = 0; round < rounds; round += 1) {
    cuts.push(await cutPower({ folder, after: 500 + random() * 3_500, writeBack: round % 2 === 1 }));
  }
  return cuts;
}

async function makeDisk(image: string): Promise<void> {
  const file = await open(image, 'w');
  await file.truncate(256 * 1024 * 1024);
  await file.close();
  await run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
}

interface Mounted {
  readonly path: string;
  unmount(): Promise<void>;
}

async function mountDisk(image: string, path: string): Promise<Mounted> {
  await mkdir(path, { recursive: true });
  await run('mount', ['-o', 'loop', image, path]);
  return { path, unmount: async () => void (await run('umount', [path])) };
}

async function writeBackNowAndThen(folder: string, signal: AbortSignal): Promise<void> {
  const files = ['deckhand.db', 'deckhand.db-wal', 'deckhand.db-shm'];
  for (let turn = 0; !signal.aborted; turn += 1) {
    const file = files[turn % files.length] ?? '';
    await run('sync', [join(folder, file)]);
    await pause(20 + ((turn * 37) % 90));
  }
}

async function lookAt(
  folder: string,
  submitted: readonly string[],
  succeeded: readonly string[],
): Promise<Pick<PowerCut, 'lost' | 'faults'>> {
  let store: Store;
  try {
    store = await openSqliteStore({ folder, now: Date.now });
  } catch (thrown) {
    return { lost: submitted, faults: [thrown instanceof Error ? thrown.message : String(thrown)] };
  }
  await using kept = store;
  const stateOf = async (id: string): Promise<string> => {
    try {
      return (await kept.task(id)).state;
    } catch (thrown) {
      if (thrown instanceof DeckhandError && thrown.code === 'task.unknown') return 'unknown';
      throw thrown;
    }
  };
  const lost: string[] = [];
  for (const id of submitted) if ((await stateOf(id)) === 'unknown') lost.push(id);
  for (const id of succeeded) if ((await stateOf(id)) !== 'succeeded') lost.push(id);
  return { lost, faults: await kept.check() };
}
