import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import type { TransferRequest } from '../../src/transfer/transfer-request.ts';
import { LocalConnection } from '../fakes/local-connection.ts';
import { plainTransfer } from '../fakes/plain-transfer.ts';

export type Connect = () => LocalConnection;
interface Sides {
  /** Of the test that runs now. */
  readonly places: { readonly folder: string; readonly here: string; readonly there: string };
  /** Kinds of pretended hosts and how they are reached. */
  readonly hosts: readonly (readonly [string, Connect])[];
  /** From here to there, with everything as it is by default. */
  readonly request: (connect: Connect, extra?: Partial<TransferRequest>) => TransferRequest;
}

/** As dropbear with busybox: no SFTP at all. */
class BareConnection extends LocalConnection {
  override openSubsystem(): ReturnType<LocalConnection['openSubsystem']> {
    return Promise.reject(new DeckhandError('host.unsupported', 'local has no subsystem sftp.'));
  }
}

/** Two folders for each test, one of them that of a pretended host with the tools of a real one. */
export function useSides(): Sides {
  let all = '';
  let busybox = '';
  let places = { folder: '', here: '', there: '' };
  beforeAll(() => {
    all = mkdtempSync(join(tmpdir(), 'transfer-'));
    busybox = join(all, 'bin');
    mkdirSync(busybox);
    execFileSync('/usr/bin/busybox', ['--install', '-s', busybox]);
  });
  afterAll(() => rmSync(all, { recursive: true, force: true }));
  beforeEach(() => {
    const folder = mkdtempSync(join(all, 'case-'));
    places = { folder, here: join(folder, 'here'), there: join(folder, 'there') };
  });
  afterEach(() => rmSync(places.folder, { recursive: true, force: true }));
  return {
    get places() {
      return places;
    },
    hosts: [
      ['OpenSSH and GNU', () => new LocalConnection({ home: places.folder, shellDirectory: '/bin' })],
      ['busybox without SFTP', () => new BareConnection({ home: places.folder, shellDirectory: busybox })],
    ],
    request: (connect, extra = {}) => ({
      ...plainTransfer(),
      connection: connect(),
      local: places.here,
      remote: places.there,
      direction: 'push',
      intoFolder: true,
      baseFolder: join(places.folder, 'state'),
      ...extra,
    }),
  };
}

export function raw(root: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
}

/** What is under a root, to the byte and the nanosecond (or the second). */
export function manifest(root: string, unit = 1n): unknown[] {
  const found: unknown[] = [];
  const walk = (folder: Buffer, at: string): void => {
    for (const name of readdirSync(folder, { encoding: 'buffer' })) {
      const path = Buffer.concat([folder, Buffer.from('/'), name]);
      const shown = `${at}/${name.toString('latin1')}`;
      const stats = lstatSync(path, { bigint: true });
      const time = stats.isSymbolicLink() ? 0n : stats.mtimeNs / unit;
      found.push([shown, Number(stats.mode), time, stats.isFile() ? stats.nlink : 0n]);
      if (stats.isSymbolicLink()) found.push(readlinkSync(path, 'latin1'));
      if (stats.isFile()) found.push(readFileSync(path).toString('base64').slice(0, 100), stats.size);
      if (stats.isDirectory()) walk(path, shown);
    }
  };
  walk(Buffer.from(root), '');
  return found;
}
