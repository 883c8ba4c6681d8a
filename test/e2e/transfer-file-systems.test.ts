import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import { rawFromText } from '../../src/core/raw-path.ts';
import type { TransferResult } from '../../src/core/transfer-params.ts';
import type { SshConnection } from '../../src/ssh/connection.ts';
import { copyBetween } from '../../src/transfer/copy-between.ts';
import { transfer, type TransferOutcome, type TransferRequest } from '../../src/transfer/transfer.ts';
import { plainTransfer } from '../fakes/plain-transfer.ts';
import { type PlainSshd, startPlainSshd } from './plain-sshd.ts';
import { connect, hostOf } from './ssh-client.ts';

/**
 * File systems that are not as others: one that gives an account only so much, one that takes `A` and `a` for one
 * name. Both are real ones, mounted on this machine and reached through a real sshd.
 */
const needed = [
  '/usr/sbin/losetup',
  '/usr/sbin/mkfs.btrfs',
  '/usr/sbin/mkfs.exfat',
  '/usr/sbin/mount.exfat-fuse',
];
const places = (path: string): readonly string[] => [path, path.replace('/usr', '')];
const isPossible =
  process.getuid?.() === 0 &&
  existsSync('/dev/loop-control') &&
  existsSync('/dev/fuse') &&
  needed.every(path => places(path).some(each => existsSync(each)));
if (!isPossible && process.env['CI']) throw new Error('These file systems need root, loop devices and fuse.');

let folder: string;
let sshd: PlainSshd;
let connection: SshConnection;
let mounted: string;
const undo: (() => void)[] = [];

function run(file: string, ...words: readonly string[]): string {
  return execFileSync(file, [...words], { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
}

/** An empty image as a block device. */
function loopDevice(name: string, mebibytes: number): string {
  const image = join(folder, name);
  run('truncate', '-s', `${mebibytes}M`, image);
  const device = run('losetup', '-f', '--show', image).trim();
  undo.push(() => run('losetup', '-d', device));
  return device;
}

describe.skipIf(!isPossible)('a transfer to and from', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'transfer-systems-'));
    mkdirSync(join(folder, 'mounted'));
    mounted = join(folder, 'mounted');
    sshd = await startPlainSshd({ address: '127.77.24.1' });
    connection = await connect(await hostOf(sshd));
  });
  afterAll(async () => {
    await connection?.close();
    await sshd?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  let source: string;
  beforeEach(() => {
    source = mkdtempSync(join(folder, 'case-'));
  });

  async function answer(wish: Partial<TransferRequest>): Promise<{ code: string; result?: TransferResult }> {
    const request = { ...plainTransfer(), connection, baseFolder: join(folder, 'state') } as const;
    try {
      const whole = { ...request, direction: 'push', local: source, remote: source, ...wish } as const;
      const { error, result } = await transfer(whole);
      return { code: error?.code ?? 'none', result };
    } catch (error) {
      if (!(error instanceof DeckhandError)) throw error;
      return { code: error.code };
    }
  }
  async function copy(from: string, target: string): Promise<TransferOutcome> {
    const { clock, signal, id, onPhase, onBegin } = plainTransfer();
    const onProgress = (): void => undefined;
    const ends = { from: connection, to: connection, source: from, target, preserve: false, again: false };
    return await copyBetween({ ...ends, clock, signal, id, onPhase, onProgress, onBegin: () => onBegin(0) });
  }
  /** To the mounted one, which is the host's or this machine's. */
  const into = (direction: 'push' | 'pull', target: string): Partial<TransferRequest> =>
    direction === 'push' ? { direction, remote: target } : { direction, local: target };

  describe('an account with a quota', () => {
    beforeAll(() => {
      const device = loopDevice('btrfs', 160);
      run('mkfs.btrfs', '-q', device);
      run('mount', device, mounted);
      undo.push(() => run('umount', mounted));
      run('btrfs', 'quota', 'enable', mounted);
      run('btrfs', 'subvolume', 'create', join(mounted, 'limited'));
      run('btrfs', 'qgroup', 'limit', '12M', join(mounted, 'limited'));
    });
    afterAll(() =>
      undo
        .splice(0)
        .toReversed()
        .forEach(each => each()),
    );

    it.each(['push', 'pull'] as const)(
      'says that it is a quota, and keeps what was there (%s)',
      async direction => {
        const limited = join(mounted, 'limited');
        const kept = join(limited, `${direction}-kept`);
        mkdirSync(kept);
        writeFileSync(join(kept, 'file-0'), 'old');
        for (let number = 0; number < 8; number += 1)
          writeFileSync(join(source, `file-${number}`), Buffer.alloc(3_000_000, `${number}`));
        const many = await answer(into(direction, join(limited, 'many')));
        expect(many.code).toBe('transfer.quota');
        rmSync(source, { recursive: true });
        mkdirSync(source);
        writeFileSync(join(source, 'file-0'), Buffer.alloc(20_000_000, 'x'));
        const large = await answer(into(direction, kept));
        expect(large.code).toBe('transfer.quota');
        expect(readFileSync(join(kept, 'file-0'), 'utf8')).toBe('old');
        // what an attempt left is for the next one, and removed with the task
        const left = readdirSync(limited).filter(name => !name.startsWith('.deckhand-part'));
        expect(left.sort()).toContain(`${direction}-kept`);
        expect(left).not.toContain('many');
        for (const name of readdirSync(limited)) rmSync(join(limited, name), { recursive: true });
        run('btrfs', 'filesystem', 'sync', mounted);
      },
    );
  });

  describe('a system that takes A and a for one name', () => {
    beforeAll(() => {
      const device = loopDevice('exfat', 64);
      run('mkfs.exfat', device);
      run('mount.exfat-fuse', device, mounted);
      undo.push(() => run('umount', mounted));
    });
    afterAll(() =>
      undo
        .splice(0)
        .toReversed()
        .forEach(each => each()),
    );
    const paths = (result: TransferResult | undefined): readonly string[] =>
      (result?.conflicts ?? []).map(({ path }) => path).sort();

    it.each(['push', 'pull'] as const)(
      'names what differs in nothing else, and loses none (%s)',
      async direction => {
        for (const name of ['Read', 'read', 'other', '\u00c9', '\u00e9'])
          writeFileSync(join(source, name), name);
        mkdirSync(join(source, 'Sub'));
        mkdirSync(join(source, 'sub'));
        writeFileSync(join(source, 'Sub/x'), 'Sub/x');
        writeFileSync(join(source, 'sub/y'), 'sub/y');
        const target = join(mounted, direction);
        const asked = { ...into(direction, target), preserve: false };
        const first = await answer(asked);
        expect(first.code).toBe('transfer.conflicts');
        expect(paths(first.result)).toEqual(['read', 'sub', '\u00e9']);
        expect(readdirSync(target).sort()).toEqual(['Read', 'Sub', 'other', '\u00c9']);
        expect(readFileSync(join(target, 'Read'), 'utf8')).toBe('Read');
        expect(readdirSync(join(target, 'Sub'))).toEqual(['x']);
        // the same into what is there, as a plan and in earnest
        writeFileSync(join(source, 'Read'), 'changed');
        for (const dryRun of [true, false]) {
          const again = await answer({ ...asked, deleteExtra: true, dryRun });
          expect(paths(again.result)).toEqual(['read', 'sub', '\u00e9']);
        }
        expect(readFileSync(join(target, 'Read'), 'utf8')).toBe('changed');
      },
    );

    it('is copied to from another host with the same care', async () => {
      for (const name of ['Read', 'read', 'other']) writeFileSync(join(source, name), name);
      for (const name of ['Sub', 'sub']) mkdirSync(join(source, name));
      writeFileSync(join(source, 'Sub/x'), 'Sub/x');
      // an archive has contents under one of both names: for some of so many under the one that stays behind
      const seconds = Array.from({ length: 20 }, (_, number) => `second-${number}`);
      for (const name of seconds) {
        writeFileSync(join(source, 'sub', name), name);
        linkSync(join(source, 'sub', name), join(source, name));
      }
      const copied = await copy(source, join(mounted, 'copied'));
      expect(copied.error?.code).toBe('transfer.conflicts');
      expect(paths(copied.result)).toEqual(['read', 'sub']);
      expect(copied.result).toMatchObject({ files: 23, directories: 2, verified: 23 });
      const found = readdirSync(join(mounted, 'copied'), { recursive: true }).map(String).sort();
      expect(found).toEqual(['Read', 'Sub', 'Sub/x', 'other', ...seconds].sort());
      for (const name of ['Read', ...seconds])
        expect(readFileSync(join(mounted, 'copied', name), 'utf8')).toBe(name);
      // where both names can be, both go
      const whole = await copy(source, join(folder, 'whole'));
      expect(whole).toMatchObject({ result: { files: 44, verified: 44, conflicts: [] } });
      expect(readdirSync(folder).concat(readdirSync(mounted)).join()).not.toContain('.deckhand-part');
    });

    it.each(['push', 'pull', 'copy'] as const)(
      'never gives a single file the place of another name (%s)',
      async way => {
        const target = join(mounted, `single-${way}`);
        mkdirSync(target);
        const put = async (name: string, to: string): Promise<string> => {
          const [from, into] = [rawFromText(join(source, name)), rawFromText(to)];
          const [local, remote] = way === 'pull' ? [into, from] : [from, into];
          const direction = way === 'pull' ? 'pull' : 'push';
          if (way !== 'copy')
            return (await answer({ direction, local, remote, intoFolder: true, preserve: false })).code;
          return await copy(from, into).then(
            ({ error }) => error?.code ?? 'none',
            (error: DeckhandError) => error.code,
          );
        };
        for (const [there, name] of [
          ['notes', 'NOTES'],
          ['x-\u00c9', 'x-\u00e9'],
        ] as const) {
          writeFileSync(join(target, there), 'of there');
          writeFileSync(join(source, name), 'of here, and longer');
          // into its folder, and under its own name
          for (const to of [target, join(target, name)])
            expect(await put(name, to)).toBe('transfer.conflicts');
          expect(readFileSync(join(target, there), 'utf8')).toBe('of there');
          // whoever names it as it is means it
          expect(await put(name, join(target, there))).toBe('none');
          expect(readFileSync(join(target, there), 'utf8')).toBe('of here, and longer');
          expect(readdirSync(target)).toContain(there);
        }
        writeFileSync(join(source, 'plain'), 'one');
        expect(await put('plain', target)).toBe('none');
        writeFileSync(join(source, 'plain'), 'another');
        expect(await put('plain', target)).toBe('none');
        expect(readFileSync(join(target, 'plain'), 'utf8')).toBe('another');
        expect(readdirSync(target).sort()).toEqual(['notes', 'plain', 'x-\u00c9']);
      },
    );

    it.each(['push', 'pull'] as const)('never takes the place of another name (%s)', async direction => {
      const target = join(mounted, `extra-${direction}`);
      mkdirSync(target);
      writeFileSync(join(target, 'notes'), 'notes of there');
      writeFileSync(join(source, 'NOTES'), 'notes of here');
      const asked = { ...into(direction, target), preserve: false };
      for (const deleteExtra of [false, true]) {
        const { code, result } = await answer({ ...asked, deleteExtra });
        expect(code).toBe('transfer.conflicts');
        expect(paths(result)).toEqual(['NOTES']);
        expect(readFileSync(join(target, 'notes'), 'utf8')).toBe('notes of there');
      }
      // this system has but one mode
      chmodSync(source, 0o777);
      const both = await answer({ direction: 'both', local: source, remote: target, deleteExtra: true });
      expect(paths(both.result)).toEqual(['NOTES']);
      expect(readFileSync(join(target, 'notes'), 'utf8')).toBe('notes of there');
      expect(readFileSync(join(source, 'NOTES'), 'utf8')).toBe('notes of here');
    });
  });
});
