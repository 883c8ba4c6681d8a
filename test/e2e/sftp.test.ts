import { createHash, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SshConnection } from '../../src/ssh/connection.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import { iterableSource } from '../../src/ssh/sftp/byte-source.ts';
import { sftpConformance, type SftpSite } from '../../src/ssh/sftp/conformance.ts';
import { openSftp } from '../../src/ssh/sftp/open-sftp.ts';
import { readRange } from '../../src/ssh/sftp/read-range.ts';
import { toRemotePath } from '../../src/ssh/sftp/remote-path.ts';
import type { SftpClient } from '../../src/ssh/sftp/sftp-client.ts';
import { writeRange } from '../../src/ssh/sftp/write-range.ts';
import { bootHost, type LabHost, labAvailable } from '../lab/lab.ts';
import { type PlainSshd, startPlainSshd } from './plain-sshd.ts';
import { connect, failure, hostOf, signal } from './ssh-client.ts';

/** Numbers of this suite's own hosts. */
const BOOTED = 128;
const BUSYBOX = 129;
const MEBIBYTE = 1024 * 1024;

let server: PlainSshd;
beforeAll(async () => {
  server = await startPlainSshd({ address: '127.77.23.1' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function siteOn(sshd: PlainSshd): Promise<SftpSite> {
  const connection = await connect(await hostOf(sshd));
  const client = await openSftp(connection, { signal });
  const folder = join(sshd.directory, randomUUID());
  await mkdir(folder);
  return {
    client,
    folder: toRemotePath(folder),
    [Symbol.asyncDispose]: async () => {
      await client.session.close();
      await connection.close();
    },
  };
}

async function connectLab(lab: LabHost, user = lab.user): Promise<SshConnection> {
  const host = await resolveHost(lab.name, {
    signal,
    configFile: 'none',
    overrides: {
      address: lab.address,
      port: lab.port,
      user,
      identityFile: lab.keyFile,
      knownHostsFile: lab.knownHostsFile,
    },
  });
  return connect({ ...host, agent: null, globalKnownHostsFiles: [] });
}

sftpConformance('ssh2 engine on OpenSSH', () => siteOn(server), { describe, it });

describe('an SFTP session on a connection', () => {
  it('moves 300 MiB both ways in bounded memory, equal by hash', async () => {
    await using site = await siteOn(server);
    const { client } = site;
    await using file = await client.open(`${server.directory}/big`, {
      read: true,
      write: true,
      create: true,
    });
    const block = Buffer.alloc(3 * MEBIBYTE, randomUUID());
    const before = process.memoryUsage.rss();
    const sent = createHash('sha256');
    function* blocks(): Generator<Uint8Array> {
      for (let index = 0; index < 100; index += 1) {
        block.writeUInt32BE(index, 0);
        sent.update(block);
        yield block;
      }
    }
    expect(await writeRange(client, file, iterableSource(blocks()))).toBe(300 * MEBIBYTE);
    const received = createHash('sha256');
    for await (const part of readRange(client, file)) for (const piece of part.pieces) received.update(piece);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * MEBIBYTE);
  });

  it('lets commands run beside a transfer nobody takes', async () => {
    const connection = await connect(await hostOf(server));
    await using client = await openSftp(connection, { signal });
    await using file = await client.open(`${server.directory}/slow`, {
      read: true,
      write: true,
      create: true,
    });
    await writeRange(client, file, iterableSource([Buffer.alloc(20 * MEBIBYTE)]));
    const parts = readRange(client, file);
    await parts.next();
    const result = await connection.execute('echo beside', { signal });
    expect(Buffer.from(result.stdout).toString()).toBe('beside\n');
    expect((await client.statHandle(file)).size).toBe(20 * MEBIBYTE);
    await parts.return(undefined);
    await connection.close();
    expect((await client.session.closed)?.code).toBe('ssh.connection-lost');
  });

  it('counts as a session and gives it back', async () => {
    const one = await startPlainSshd({ address: '127.77.23.2', lines: ['MaxSessions 1'] });
    await using connection = await connect(await hostOf(one));
    for (let round = 0; round < 3; round += 1) {
      await using client = await openSftp(connection, { signal });
      expect((await client.realPath('.')).length).toBeGreaterThan(0);
    }
    expect((await connection.execute('true', { signal })).exitCode).toBe(0);
    await one[Symbol.asyncDispose]();
  });

  it('ssh.connection-lost: sshd is killed in the middle of a writing', async () => {
    const victim = await startPlainSshd({ address: '127.77.23.3' });
    await using site = await siteOn(victim);
    const file = await site.client.open(`${victim.directory}/cut`, { write: true, create: true });
    function* forever(): Generator<Uint8Array> {
      for (;;) yield Buffer.alloc(MEBIBYTE);
    }
    let acknowledged = 0;
    const writing = writeRange(site.client, file, iterableSource(forever()), {
      onProgress: bytes => {
        if (acknowledged === 0) void victim.kill();
        acknowledged = bytes;
      },
    });
    expect((await failure(writing)).code).toBe('ssh.connection-lost');
    expect(acknowledged).toBeGreaterThan(0);
    await victim[Symbol.asyncDispose]();
  });

  it('transfer.quota: the account may not write more, although there is room', async () => {
    const limit = "trap '' XFSZ; ulimit -f 1024; exec /usr/lib/openssh/sftp-server";
    await using sshd = await startPlainSshd({ address: '127.77.23.6', lines: [`ForceCommand ${limit}`] });
    await using site = await siteOn(sshd);
    await using file = await site.client.open(`${sshd.directory}/large`, { write: true, create: true });
    const error = await failure(writeRange(site.client, file, iterableSource([Buffer.alloc(3 * MEBIBYTE)])));
    expect(error.code).toBe('transfer.quota');
    expect(error.message).toContain('/large');
  });

  it('transfer.unsupported: the program is missing; transfer.protocol: it prints something else', async () => {
    const lines = (program: string): readonly string[] => [`ForceCommand ${program}`];
    for (const [address, program, code] of [
      ['127.77.23.4', '/nonexistent/sftp-server', 'transfer.unsupported'],
      ['127.77.23.5', 'echo Welcome to this host', 'transfer.protocol'],
    ] as const) {
      const sshd = await startPlainSshd({ address, lines: lines(program) });
      await using connection = await connect(await hostOf(sshd));
      expect((await failure(openSftp(connection, { signal }))).code, program).toBe(code);
      await sshd[Symbol.asyncDispose]();
    }
  });
});

describe.skipIf(!labAvailable().booted)('a booted host', () => {
  let lab: LabHost;
  let connection: SshConnection;
  let client: SftpClient;
  beforeAll(async () => {
    lab = await bootHost(BOOTED);
    const made = await lab.run(
      [
        'set -e',
        'mkdir /mnt/full /mnt/ro /mnt/files',
        'mount -t tmpfs -o size=2m tmpfs /mnt/full',
        'mount -t tmpfs -o nr_inodes=4 tmpfs /mnt/files',
        'mount -t tmpfs tmpfs /mnt/ro',
        'echo there >/mnt/ro/file; mkdir /mnt/ro/folder',
        'mount -o remount,ro /mnt/ro',
      ].join('; '),
    );
    expect(made.stderr).toBe('');
    connection = await connectLab(lab);
    client = await openSftp(connection, { signal });
  });
  afterAll(async () => {
    await connection.close();
    await lab.down();
  });

  const write = async (path: string, bytes: number): Promise<number> => {
    await using file = await client.open(path, { write: true, create: true });
    return await writeRange(client, file, iterableSource([Buffer.alloc(bytes)]));
  };

  it('host.disk-full: no bytes left, no files left', async () => {
    expect((await failure(write('/mnt/full/file', 4 * MEBIBYTE))).code).toBe('host.disk-full');
    let error: unknown;
    for (let index = 0; index < 8 && error === undefined; index += 1) {
      error = await write(`/mnt/files/${index}`, 1).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    }
    expect(error).toMatchObject({ code: 'host.disk-full' });
  });

  it('transfer.read-only, in everything that changes', async () => {
    const attempts = [
      write('/mnt/ro/file', 1),
      write('/mnt/ro/new', 1),
      client.remove('/mnt/ro/file'),
      client.makeFolder('/mnt/ro/new'),
      client.removeFolder('/mnt/ro/folder'),
      client.rename('/mnt/ro/file', '/mnt/ro/new'),
      client.setAttributes('/mnt/ro/file', { mode: 0o600 }),
    ].map(failure);
    expect((await Promise.all(attempts)).map(error => error.code)).toEqual(
      attempts.map(() => 'transfer.read-only'),
    );
  });

  it('transfer.other-file-system, transfer.no-permission', async () => {
    await write('/root/file', 1);
    expect((await failure(client.rename('/root/file', '/mnt/full/moved'))).code).toBe(
      'transfer.other-file-system',
    );
    await using other = await connectLab(lab, 'ops');
    await using account = await openSftp(other, { signal });
    expect((await failure(account.stat('/root/file'))).code).toBe('transfer.no-permission');
  });

  it('serves an account that may do SFTP only', async () => {
    await using only = await connectLab(lab, 'sftponly');
    await using account = await openSftp(only, { signal });
    const names: string[] = [];
    for await (const { name } of account.list('/')) names.push(Buffer.from(name).toString());
    expect(names.length).toBeGreaterThan(0);
  });

  it('transfer.protocol: the start-up file of the shell prints', async () => {
    await using noisy = await connectLab(lab, 'noisy');
    expect((await failure(openSftp(noisy, { signal }))).code).toBe('transfer.protocol');
  });

  it('transfer.unsupported: the host has no SFTP server', async () => {
    await lab.mod('nosftp');
    await using fresh = await connectLab(lab);
    expect((await failure(openSftp(fresh, { signal }))).code).toBe('transfer.unsupported');
  });
});

describe.skipIf(!labAvailable().booted)('a dropbear host', () => {
  it('transfer.unsupported: it has no SFTP server; commands still run', async () => {
    await using lab = await bootHost(BUSYBOX, { kind: 'busybox' });
    await using connection = await connectLab(lab);
    expect((await failure(openSftp(connection, { signal }))).code).toBe('transfer.unsupported');
    expect((await connection.execute('true', { signal })).exitCode).toBe(0);
  });
});
