import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LocalConnection } from '../../../test/fakes/local-connection.ts';
import { systemClock } from '../../core/clock.ts';
import type { Entry } from '../tree/entry.ts';
import { Job } from './job.ts';
import { pack } from './pack.ts';
import { PackReport } from './pack-report.ts';

/** More than one piece holds. */
const SIZE = 1024 * 1024;
let folder: string;
let counted: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pack-'));
  counted = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function makeJob(): Job {
  return new Job(
    {
      connection: new LocalConnection({ home: folder, shellDirectory: '/bin' }),
      clock: systemClock,
      signal: new AbortController().signal,
      preserve: true,
      inplace: false,
      followLinks: false,
      rateLimit: 0,
      onProgress: bytes => void (counted = bytes),
    },
    {
      list: 'gnu',
      tar: 'gnu',
      hash: 'sha256sum',
      uid: 0,
      umask: 0o22,
      system: 'Linux',
      syncs: true,
      python: true,
    },
  );
}

function member(path: string): Entry {
  writeFileSync(join(folder, path), Buffer.alloc(SIZE, path));
  return {
    path,
    type: 'file',
    size: SIZE,
    mode: 0o644,
    mtime: 0n,
    uid: 0,
    gid: 0,
    owner: '',
    group: '',
    inode: null,
    link: null,
    blocks: SIZE / 512,
  };
}

it.each(['pack', 'bundle'] as const)(
  'what is still read (%s) when the host has ended counts nothing',
  async as => {
    await using job = makeJob();
    const report = new PackReport(job, () => true);
    const members = ['a', 'b', 'c'].map(member);
    const nameOf = ({ path }: Entry): string => path;
    const stream = pack(
      members,
      { job, nameOf, root: folder, manifest: undefined, as, owners: false },
      report,
    );
    while (report.files === 0) await stream.next();
    expect(counted).toBeGreaterThan(0);
    report.takeBack();
    expect(counted).toBe(0);
    while ((await stream.next()).done !== true);
    expect(counted).toBe(0);
    expect(report.files).toBeLessThan(members.length);
  },
);
