import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  claimOne,
  fenceOf,
  NOON,
  sampleTask,
  settle,
  submitOne,
  SUCCESS,
} from '../../test/store/sample-task.ts';
import { startStoreProcess } from '../../test/store/store-process.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { Database } from './sqlite/database.ts';
import { openSqliteStore } from './sqlite/open-store.ts';
import type { Store } from './store.ts';

const isRoot = process.getuid?.() === 0;
let root = '';
let folder = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'deckhand-file-'));
  folder = join(root, 'state');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const open = (changes: { readonly reserve?: number } = {}): Promise<Store> =>
  openSqliteStore({ folder, now: () => NOON, ...changes });
const database = (): string => join(folder, 'deckhand.db');
const errorOf = async (work: Promise<unknown>): Promise<DeckhandError> => {
  const thrown: unknown = await work.then(
    () => new Error('Nothing was thrown.'),
    (reason: unknown) => reason,
  );
  if (thrown instanceof DeckhandError) return thrown;
  throw thrown;
};
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('the folder', () => {
  it('and all files in it are for the owner alone', async () => {
    await using store = await open();
    await submitOne(store);
    expect(store.location).toBe(database());
    expect(modeOf(folder)).toBe('700');
    for (const name of ['deckhand.db', 'deckhand.db-wal', 'deckhand.db-shm', 'owner.lock', 'owner.json']) {
      expect([name, modeOf(join(folder, name))]).toEqual([name, '600']);
    }
  });

  it('is refused when others may enter it', async () => {
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    const error = await errorOf(open());
    expect(error).toMatchObject({ code: 'store.unusable', hint: `Run \`chmod 700 ${folder}\`.` });
    expect(error.message).toContain(`${folder} has mode 0755`);
    expect(existsSync(database())).toBe(false);
  });

  it.runIf(isRoot)('is refused when it belongs to somebody else', async () => {
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, 65_534, 65_534);
    const error = await errorOf(open());
    expect(error).toMatchObject({ code: 'store.unusable' });
    expect(error.message).toContain(`${folder} belongs to user 65534`);
  });

  it('is refused when it is a file', async () => {
    writeFileSync(folder, '');
    expect(await errorOf(open())).toMatchObject({ code: 'store.unusable' });
  });
});

describe('the file', () => {
  it('is synced at each commit', () => {
    mkdirSync(folder);
    const file = new Database(database());
    expect(file.one('PRAGMA synchronous')).toEqual({ synchronous: 2 });
    expect(file.one('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
    file.close();
  });

  it('keeps everything from one opening to the next', async () => {
    const store = await open();
    const { id } = await submitOne(store);
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    expect(await errorOf(store.task(id))).toMatchObject({ code: 'store.unusable' });
    await using again = await open();
    expect(await again.task(id)).toMatchObject({ state: 'queued' });
    expect(await again.check()).toEqual([]);
  });

  it('of a newer Deckhand is refused', async () => {
    await (await open())[Symbol.asyncDispose]();
    const file = new DatabaseSync(database());
    file.exec('PRAGMA user_version = 999');
    file.close();
    const error = await errorOf(open());
    expect(error).toMatchObject({ code: 'store.newer', details: { found: 999 } });
    // and it is free for that newer one
    expect(await errorOf(open())).toMatchObject({ code: 'store.newer' });
  });

  it.each([
    ['is no database', () => Buffer.from('no database, but long enough to be one'.repeat(200))],
    ['has a damaged page', (bytes: Buffer) => bytes.fill(0xaa, 3 * 4096, 9 * 4096)],
    ['is cut off', (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2))],
  ])('that %s is refused and left as it is', async (_name, damage) => {
    const store = await open();
    for (let count = 0; count < 20; count += 1) await submitOne(store);
    await store[Symbol.asyncDispose]();
    const damaged = damage(readFileSync(database()));
    writeFileSync(database(), damaged);
    const error = await errorOf(open());
    expect(error.code).toBe('store.corrupt');
    expect(error.message).toContain(database());
    expect(error.message).toContain('untouched');
    expect(error.hint).toContain('backup');
    expect(readFileSync(database()).equals(damaged)).toBe(true);
  });

  it('does not let the audit trail be changed', async () => {
    const store = await open();
    const entry = {
      time: NOON,
      who: 'ann',
      action: 'a',
      subject: 's',
      outcome: 'allowed',
      requestId: 'r',
      details: {},
    } as const;
    await store.audit(entry);
    await store[Symbol.asyncDispose]();
    const file = new DatabaseSync(database());
    expect(() => file.exec("UPDATE audit SET who = 'bob'")).toThrow(/append-only/);
    expect(() => file.exec('DELETE FROM audit')).toThrow(/append-only/);
    file.close();
  });
});

describe('a backup', () => {
  it('is whole while work goes on, opens, and equals the store', async () => {
    await using store = await open();
    const tasks = Array.from({ length: 3_000 }, () => sampleTask({ params: { text: 'x'.repeat(500) } }));
    await store.submit(tasks, NOON);
    const copy = join(root, 'copies', 'deckhand.db');
    mkdirSync(join(root, 'copies'), { mode: 0o700 });
    let more = 0;
    const copied = store.backup(copy);
    const writer = async (): Promise<void> => {
      const copying = { done: false };
      void copied.finally(() => void (copying.done = true));
      while (!copying.done) {
        await submitOne(store);
        more += 1;
        await new Promise(resolve => setImmediate(resolve));
      }
    };
    const [{ bytes }] = await Promise.all([copied, writer()]);
    expect(more).toBeGreaterThan(0);
    expect(bytes).toBe(statSync(copy).size);
    expect(modeOf(copy)).toBe('600');
    expect(await errorOf(store.backup(copy))).toMatchObject({ code: 'store.unusable' });
    await using restored = await openSqliteStore({ folder: join(root, 'copies'), now: () => NOON });
    expect(await restored.check()).toEqual([]);
    const kept = (await restored.counts()).queued ?? 0;
    expect(kept).toBeGreaterThanOrEqual(3_000);
    for (const { id } of tasks.slice(-3)) expect(await restored.task(id)).toEqual(await store.task(id));
  });
});

describe('the owner', () => {
  it('is one of two that ask at the same moment: never none', async () => {
    const rounds = 15;
    const program = join(import.meta.dirname, '../../test/store/ask-to-own.ts');
    const words = [program, folder, String(rounds), String(Date.now() + 500)];
    const asking = [1, 2].map(() => spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] }));
    const said = await Promise.all(asking.map(async ({ stdout }) => await once(stdout, 'data')));
    const owned = said.flatMap(([text]) => JSON.parse(String(text)) as number[]);
    for (const { stdin } of asking) stdin.end();
    expect(owned.toSorted((a, b) => a - b)).toEqual(Array.from({ length: rounds }, (_, round) => round));
  });

  it('is one process: a second is told who it is', async () => {
    const owner = await startStoreProcess(folder);
    const error = await errorOf(open());
    expect(error).toMatchObject({ code: 'store.locked', details: { pid: owner.process.pid } });
    expect(error.message).toContain(String(owner.process.pid));
    await owner.more(1);
    await owner.kill();
    await using store = await open();
    expect(await store.check()).toEqual([]);
  });

  it('is one in the same process too', async () => {
    await using store = await open();
    expect(await errorOf(open())).toMatchObject({ code: 'store.locked', details: { pid: process.pid } });
    await submitOne(store);
  });
});

describe('a process killed four times', () => {
  it('loses nothing that was acknowledged', { timeout: 60_000 }, async () => {
    const submitted: string[] = [];
    const succeeded: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const worker = await startStoreProcess(folder);
      await worker.more(5 + round * 20);
      await worker.kill();
      submitted.push(...worker.submitted);
      succeeded.push(...worker.succeeded);
    }
    await using store = await open();
    expect(await store.check()).toEqual([]);
    for (const id of submitted) expect((await store.task(id)).id).toBe(id);
    for (const id of succeeded) expect((await store.task(id)).state).toBe('succeeded');
    expect(succeeded.length).toBeGreaterThan(40);
  });
});

/** A file system of 4 MiB; where none may be mounted there is nothing to fill. */
function mountSmall(path: string): boolean {
  if (!isRoot) return false;
  mkdirSync(path, { mode: 0o700 });
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'tmpfs', path], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

describe('a full file system', () => {
  it('refuses what is new, lets work settle, and goes on when there is room', async context => {
    const small = join(root, 'small');
    if (!mountSmall(small)) return context.skip('mounting a small file system needs root');
    try {
      folder = join(small, 'state');
      await using store = await open({ reserve: 1024 * 1024 });
      const { id } = await submitOne(store);
      const running = await claimOne(store);
      const big = sampleTask({ params: { text: 'x'.repeat(100_000) } });
      const fill = async (): Promise<void> => {
        for (;;) await store.submit([{ ...big, id: `${big.id}-${Math.random()}` }], NOON);
      };
      const refused = await errorOf(fill());
      expect(refused).toMatchObject({ code: 'store.full' });
      expect(refused.message).toContain(folder);
      // what was accepted goes on
      expect(await settle(store, running, SUCCESS)).toBe('written');

      // somebody else takes the rest
      const ballast = join(small, 'ballast');
      const other = await claimOne(store);
      expect(() => writeFileSync(ballast, Buffer.alloc(8 * 1024 * 1024))).toThrow(/ENOSPC/);
      const bytes = Buffer.from(Array.from({ length: 60_000 }, () => Math.floor(Math.random() * 256)));
      let at = 0;
      const flood = async (): Promise<void> => {
        for (; ; at += bytes.length) {
          await store.record(
            [{ ...fenceOf(other), write: 'output', pieces: [{ stream: 'stdout', at, bytes }] }],
            NOON,
          );
        }
      };
      expect(await errorOf(flood())).toMatchObject({ code: 'store.full' });
      expect((await store.outputLength(other.id)).stdout).toBe(at);

      // opened on a full file system, it still tells what it knows
      await store[Symbol.asyncDispose]();
      writeFileSync(join(small, 'crumbs'), '');
      expect(() => writeFileSync(join(small, 'crumbs'), Buffer.alloc(8 * 1024 * 1024))).toThrow(/ENOSPC/);
      const submitWhileFull = async (): Promise<void> => {
        await using full = await open();
        expect(await full.task(other.id)).toMatchObject({ state: 'running' });
        await full.submit([sampleTask()], NOON);
      };
      expect(await errorOf(submitWhileFull())).toMatchObject({ code: 'store.full' });
      rmSync(join(small, 'crumbs'));
      rmSync(ballast);
      await using again = await open({ reserve: 1024 });
      expect(await settle(again, other, SUCCESS)).toBe('written');
      expect(await again.task(id)).toMatchObject({ state: 'succeeded' });
      expect(await again.check()).toEqual([]);
    } finally {
      execFileSync('/bin/umount', ['-l', small]);
    }
  });
});
