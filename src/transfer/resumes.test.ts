import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LocalConnection } from '../../test/fakes/local-connection.ts';
import { plainTransfer } from '../../test/fakes/plain-transfer.ts';
import { transfer } from './transfer.ts';

/** Seconds since the epoch. */
const OLD = 1_600_000_000;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'resumes-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it.each(['push', 'pull', 'both'] as const)(
  'removes what a claim left that died between its last file and its end (%s)',
  async direction => {
    const connection = new LocalConnection({ home: folder, shellDirectory: '/bin' });
    const [here, there] = [join(folder, 'here'), join(folder, 'there')];
    const request = { ...plainTransfer(), connection, baseFolder: join(folder, 'state') };
    for (const root of [here, there]) {
      mkdirSync(root);
      writeFileSync(join(root, 'file'), 'the same');
      utimesSync(join(root, 'file'), OLD, OLD);
      mkdirSync(join(root, '.deckhand-part-task-1'));
      writeFileSync(join(root, '.deckhand-part-task-1', '0'), 'half');
      utimesSync(root, OLD, OLD);
    }
    const wish = { ...request, local: here, remote: there, direction, resumes: true };
    expect((await transfer(wish)).error).toBeUndefined();
    for (const root of direction === 'both' ? [here, there] : [direction === 'push' ? there : here]) {
      expect(readdirSync(root)).toEqual(['file']);
      expect(statSync(root).mtimeMs).toBe(OLD * 1000);
    }
  },
);
