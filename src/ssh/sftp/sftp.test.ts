import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { fileSource } from './byte-source.ts';
import { sftpConformance, type SftpSite } from './conformance.ts';
import { readRange } from './read-range.ts';
import { toRemotePath } from './remote-path.ts';
import { SftpClient } from './sftp-client.ts';
import { SftpSession } from './sftp-session.ts';
import { writeRange } from './write-range.ts';

const SERVER = '/usr/lib/openssh/sftp-server';

/** OpenSSH's server on pipes: no SSH between. */
async function localSite(): Promise<SftpSite> {
  const folder = await mkdtemp(join(tmpdir(), 'deckhand-sftp-'));
  const child = spawn(SERVER, [], { stdio: ['pipe', 'pipe', 'ignore'] });
  const channel = Duplex.from({ readable: child.stdout, writable: child.stdin });
  const { signal } = new AbortController();
  const session = await SftpSession.start(channel, { hostName: 'local', signal });
  return {
    client: new SftpClient(session),
    folder: toRemotePath(folder),
    [Symbol.asyncDispose]: async () => {
      await session.close();
      child.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

it('says that there is no server where the channel ended before it could be greeted', async () => {
  const channel = new Duplex({
    read: () => undefined,
    write: (_bytes, _encoding, done) => done(new Error('write after end')),
  });
  const { signal } = new AbortController();
  await expect(SftpSession.start(channel, { hostName: 'bare', signal })).rejects.toMatchObject({
    code: 'transfer.unsupported',
  });
});

describe.skipIf(!existsSync(SERVER))("OpenSSH's sftp-server", () => {
  sftpConformance('on pipes', localSite, { describe, it });

  it('takes a range of a local file', async () => {
    await using site = await localSite();
    await using local = await open(SERVER);
    await using remote = await site.client.open(Buffer.concat([site.folder, Buffer.from('/copy')]), {
      read: true,
      write: true,
      create: true,
    });
    const range = { offset: 1_000, length: 20_001 };
    expect(await writeRange(site.client, remote, fileSource(local, range), { expected: range.length })).toBe(
      range.length,
    );
    const pieces: Uint8Array[] = [];
    for await (const part of readRange(site.client, remote)) pieces.push(...part.pieces);
    const wanted = Buffer.alloc(range.length);
    await local.read(wanted, 0, range.length, range.offset);
    expect(Buffer.concat(pieces).equals(wanted)).toBe(true);
  });
});
