import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import type { SshConnection } from '../../src/ssh/connection.ts';
import {
  transfer,
  removeParts,
  type TransferOutcome,
  type TransferRequest,
} from '../../src/transfer/transfer.ts';
import { plainTransfer } from '../fakes/plain-transfer.ts';
import { bootHost, type LabHost, labSshConfig } from '../lab/lab.ts';
import { connect, signal } from './ssh-client.ts';

/** Many small files between this machine and a booted host, with its own python3, and without. */
const FILES = 2000;

let folder: string;
let host: LabHost;
let connection: SshConnection;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bundles-e2e-'));
  host = await bootHost(140);
  const configFile = await labSshConfig([host], folder);
  connection = await connect(await resolveHost(host.name, { signal, configFile }));
  for (let number = 0; number < FILES; number += 1) {
    const inside = join(folder, 'tree', `d${number % 20}`);
    mkdirSync(inside, { recursive: true });
    writeFileSync(join(inside, `f${number}`), `${number}\n`.repeat(number));
  }
});
afterAll(async () => {
  await connection?.close();
  await host?.down();
  rmSync(folder, { recursive: true, force: true });
});

async function move(more: Partial<TransferRequest>): Promise<TransferOutcome> {
  const local = join(folder, 'tree');
  return await transfer({
    ...plainTransfer(),
    connection,
    local,
    remote: '/srv/tree',
    direction: 'push',
    baseFolder: join(folder, 'state'),
    ...more,
  });
}

const LOOK = `find . -printf '%P %y %m %T@\\n' | LC_ALL=C sort; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum`;
const lookHere = (root: string): string =>
  execFileSync('sh', ['-c', `cd ${root}; ${LOOK}`], { encoding: 'utf8', maxBuffer: 2 ** 26 });
const lookThere = async (root: string): Promise<string> => (await host.run(`cd ${root}; ${LOOK}`)).stdout;

describe('many small files (P06)', () => {
  it('are the same there, and here again', async () => {
    expect(await move({})).toMatchObject({ result: { files: FILES, verified: FILES } });
    expect(await lookThere('/srv/tree')).toBe(lookHere(join(folder, 'tree')));
    const local = join(folder, 'back');
    expect(await move({ direction: 'pull', local })).toMatchObject({ result: { verified: FILES } });
    expect(lookHere(local)).toBe(lookHere(join(folder, 'tree')));
  });

  it('reach what is there already, one way and both ways (P07)', async () => {
    const local = join(folder, 'changed');
    const change = (text: string): void => {
      for (let number = 0; number < 150; number += 1)
        writeFileSync(join(local, `d${number % 20}`, `f${number}`), text);
    };
    cpSync(join(folder, 'tree'), local, { recursive: true, preserveTimestamps: true });
    const both = { direction: 'both', local, remote: '/srv/changed' } as const;
    expect(await move(both)).toMatchObject({ result: { files: FILES, verified: FILES } });
    for (const direction of ['both', 'push'] as const) {
      change(`of here, ${direction}`);
      const moved = await move({ ...both, direction });
      expect(moved.error).toBeUndefined();
      expect(moved).toMatchObject({ result: { files: 150, verified: 150 } });
      expect(await lookThere('/srv/changed')).toBe(lookHere(local));
    }
    await host.run('rm -r /srv/changed');
  });

  it.each(['push', 'pull'] as const)(
    'leave nothing and nobody behind when they are cancelled (%s)',
    async direction => {
      const cancel = new AbortController();
      const local = direction === 'pull' ? join(folder, 'cancelled') : join(folder, 'tree');
      const remote = direction === 'pull' ? '/srv/tree' : '/srv/cancelled';
      const request = {
        direction,
        local,
        remote,
        signal: cancel.signal,
        rateLimit: 1_000_000,
        onProgress: (bytes: number) => void (bytes > 100_000 && cancel.abort()),
      };
      await expect(move(request)).rejects.toThrow();
      await removeParts(connection, { id: plainTransfer().id, local, remote }, signal);
      // a program there ends a moment after its connection did
      await expect.poll(async () => (await host.run('pgrep -c python3')).stdout).toBe('0\n');
      expect((await host.run('ls -A /srv')).stdout).toBe('tree\n');
      expect(readdirSync(folder).filter(name => /cancelled|deckhand/.test(name))).toEqual([]);
    },
  );

  it('are refused by a full disk, by name', async () => {
    await host.run('mkdir /srv/full; mount -t tmpfs -o size=3m none /srv/full');
    await expect(move({ remote: '/srv/full/tree' })).rejects.toMatchObject({ code: 'host.disk-full' });
    await host.run('umount /srv/full; rmdir /srv/full');
  });

  it('go and come without python3', async () => {
    await host.mod('nopython');
    await using plain = await connect(connection.host);
    const remote = '/srv/other';
    expect(await move({ connection: plain, remote })).toMatchObject({ result: { verified: FILES } });
    expect(await lookThere(remote)).toBe(lookHere(join(folder, 'tree')));
  });
});
