import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sshConformance } from '../../src/ssh/conformance.ts';
import { ConnectionPool } from '../../src/ssh/connection-pool.ts';
import { probeShell } from '../../src/ssh/probe-shell.ts';
import type { HostOverrides } from '../../src/ssh/resolve-host.ts';
import { ssh2Engine } from '../../src/ssh/ssh2-engine.ts';
import { testConnection } from '../../src/ssh/test-connection.ts';
import { freePort, makeKey, type PlainSshd, startPlainSshd } from './plain-sshd.ts';
import { connect, failure, hostOf, never, outputOf, signal } from './ssh-client.ts';

/** A TCP server that is no sshd. */
async function fakeServer(
  address: string,
  behave: (socket: Socket) => void,
): Promise<{ port: number; server: Server }> {
  const port = await freePort(address);
  const server = createServer(socket => {
    socket.on('error', () => undefined);
    behave(socket);
  });
  await new Promise<void>(resolve => {
    server.listen(port, address, resolve);
  });
  return { port, server };
}

let server: PlainSshd;
beforeAll(async () => {
  server = await startPlainSshd({ address: '127.77.20.1', hostKeyTypes: ['ed25519', 'rsa', 'ecdsa'] });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

sshConformance('ssh2 engine on OpenSSH', async () => connect(await hostOf(server)), { describe, it });

describe('reaching a host', () => {
  it('ssh.refused: nothing listens on the port', async () => {
    const port = await freePort(server.address);
    const error = await failure(connect({ ...(await hostOf(server)), port }));
    expect(error.code).toBe('ssh.refused');
    expect(error.message).toContain(`${server.address}:${port}`);
  });

  it('ssh.resolve-failed: the name has no address', async () => {
    const error = await failure(connect({ ...(await hostOf(server)), address: 'no-such-host.invalid' }));
    expect(error.code).toBe('ssh.resolve-failed');
  });

  it('ssh.not-ssh: a mail server greets, a web server answers', async () => {
    const mail = await fakeServer('127.77.20.2', socket => socket.end('220 mail.example.org ESMTP\r\n'));
    const web = await fakeServer('127.77.20.2', socket => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    const host = { ...(await hostOf(server)), address: '127.77.20.2' };
    for (const { port, server: fake } of [mail, web]) {
      expect((await failure(connect({ ...host, port }))).code).toBe('ssh.not-ssh');
      fake.close();
    }
  });

  it('ssh.connect-timeout: the server says nothing', async () => {
    const silent = await fakeServer('127.77.20.2', () => undefined);
    const host = { ...(await hostOf(server)), address: '127.77.20.2', port: silent.port };
    const error = await failure(connect(host, { connectTimeout: 2_000 }));
    expect(error.code).toBe('ssh.connect-timeout');
    expect(error.details['stage']).toBe('greeting');
    silent.server.close();
  });

  it('ssh.handshake-refused: closed before the greeting, tried again within the connect timeout', async () => {
    let connections = 0;
    const closing = await fakeServer('127.77.20.2', socket => {
      connections += 1;
      socket.end('Exceeded MaxStartups\r\n');
    });
    const host = { ...(await hostOf(server)), address: '127.77.20.2', port: closing.port };
    const error = await failure(connect(host, { connectTimeout: 4_000 }));
    expect(error.code).toBe('ssh.handshake-refused');
    expect(connections).toBeGreaterThan(1);
    closing.server.close();
  });

  it('gets through MaxStartups 1 with ten connections at once', async () => {
    await using busy = await startPlainSshd({ address: '127.77.20.3', lines: ['MaxStartups 1'] });
    const host = await hostOf(busy);
    const all = await Promise.all(
      Array.from({ length: 10 }, () => connect(host, { connectTimeout: 240_000 })),
    );
    expect(await Promise.all(all.map(connection => outputOf(connection, 'echo up')))).toEqual(
      Array.from({ length: 10 }, () => 'up\n'),
    );
    await Promise.all(all.map(connection => connection.close()));
    expect(busy.log()).toContain('MaxStartups');
  });

  it('ssh.no-common-algorithm: the server speaks only what the engine does not', async () => {
    await using other = await startPlainSshd({
      address: '127.77.20.3',
      lines: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'],
    });
    expect((await failure(connect(await hostOf(other)))).code).toBe('ssh.no-common-algorithm');
  });

  it('command.cancelled: the caller gives up', async () => {
    const silent = await fakeServer('127.77.20.2', () => undefined);
    const host = { ...(await hostOf(server)), address: '127.77.20.2', port: silent.port };
    const controller = new AbortController();
    const attempt = failure(connect(host, { signal: controller.signal }));
    silent.server.once('connection', () => controller.abort());
    expect((await attempt).code).toBe('command.cancelled');
    silent.server.close();
  });
});

describe('sessions and ends', () => {
  it('shares MaxSessions 1 among five commands', async () => {
    await using narrow = await startPlainSshd({ address: '127.77.20.7', lines: ['MaxSessions 1'] });
    await using connection = await connect(await hostOf(narrow));
    const outputs = await Promise.all([1, 2, 3, 4, 5].map(value => outputOf(connection, `echo ${value}`)));
    expect(outputs).toEqual(['1\n', '2\n', '3\n', '4\n', '5\n']);
  });

  it('ssh.channel-refused: MaxSessions 0', async () => {
    await using none = await startPlainSshd({ address: '127.77.20.7', lines: ['MaxSessions 0'] });
    await using connection = await connect(await hostOf(none));
    expect((await failure(connection.execute('true', { signal }))).code).toBe('ssh.channel-refused');
  });

  it('host.unsupported: no terminal is given', async () => {
    await using bare = await startPlainSshd({ address: '127.77.20.7', lines: ['PermitTTY no'] });
    await using connection = await connect(await hostOf(bare));
    const attempt = connection.execute('true', { signal, pty: { columns: 80, rows: 24, term: 'xterm' } });
    expect((await failure(attempt)).code).toBe('host.unsupported');
  });

  it('ssh.connection-lost: sshd is killed in the middle of a command', async () => {
    await using doomed = await startPlainSshd({ address: '127.77.20.7' });
    await using connection = await connect(await hostOf(doomed));
    const started = Promise.withResolvers<void>();
    const running = failure(
      connection.execute('echo up; exec sleep 60', { signal, onOutput: () => started.resolve() }),
    );
    await Promise.race([started.promise, running]);
    await doomed.kill();
    expect((await running).code).toBe('ssh.connection-lost');
    expect((await connection.closed)?.code).toBe('ssh.connection-lost');
  });

  it('ssh.peer-silent: sshd is stopped with SIGSTOP', async () => {
    await using frozen = await startPlainSshd({ address: '127.77.20.7' });
    await using connection = await connect(await hostOf(frozen), { keepAliveInterval: 1_000 });
    const started = Promise.withResolvers<void>();
    const running = failure(
      connection.execute('echo up; exec sleep 60', { signal, onOutput: () => started.resolve() }),
    );
    await Promise.race([started.promise, running]);
    await frozen.freeze();
    expect((await running).code).toBe('ssh.peer-silent');
    expect((await connection.closed)?.code).toBe('ssh.peer-silent');
  });

  it('an idle connection outlives many keep-alive intervals', async () => {
    await using connection = await connect(await hostOf(server), { keepAliveInterval: 500 });
    expect(await outputOf(connection, 'sleep 5; echo still')).toBe('still\n');
  });

  it('gets 1 GB through in bounded memory', async () => {
    await using connection = await connect(await hostOf(server));
    const before = process.memoryUsage.rss();
    const result = await connection.execute('head -c 1000000000 /dev/zero', { signal });
    expect(result.stdoutBytes).toBe(1_000_000_000);
    expect(result.stdout.length).toBe(1024 * 1024);
    expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000);
  });
});

describe('accounts without a shell', () => {
  it('ssh.no-shell: nologin, sftp only, a forced command', async () => {
    for (const forced of ['/usr/sbin/nologin', 'internal-sftp', 'echo "$SSH_ORIGINAL_COMMAND"', 'cat']) {
      await using odd = await startPlainSshd({ address: '127.77.20.8', lines: [`ForceCommand ${forced}`] });
      await using connection = await connect(await hostOf(odd));
      expect((await failure(probeShell(connection, { signal }))).code, forced).toBe('ssh.no-shell');
    }
  });

  it('is not misled by a noisy start', async () => {
    const noisy = 'echo "Welcome, printf and all"; echo news >&2; eval "$SSH_ORIGINAL_COMMAND"';
    await using odd = await startPlainSshd({ address: '127.77.20.8', lines: [`ForceCommand ${noisy}`] });
    await using connection = await connect(await hostOf(odd));
    expect((await probeShell(connection, { signal })).noisy).toBe(true);
    await using usual = await connect(await hostOf(server));
    expect((await probeShell(usual, { signal })).noisy).toBe(false);
  });
});

describe('connection pool', () => {
  it('shares one connection, opens a new one after it was lost, closes all', async () => {
    await using one = await startPlainSshd({ address: '127.77.20.9' });
    const pool = new ConnectionPool({
      engine: ssh2Engine,
      resolve: () => hostOf(one),
      options: { hostKeys: never },
    });
    const [first, second] = await Promise.all([pool.use('web', signal), pool.use('web', signal)]);
    expect(first).toBe(second);
    const hurried = new AbortController();
    const given = failure(pool.use('web', hurried.signal));
    await first?.close();
    hurried.abort();
    await given.catch(() => undefined);
    const third = await pool.use('web', signal);
    expect(third).not.toBe(first);
    expect(await outputOf(third, 'echo up')).toBe('up\n');
    await pool[Symbol.asyncDispose]();
    expect(await third.closed).toBeUndefined();
    expect((await failure(pool.use('web', signal))).code).toBe('command.cancelled');
  });
});

describe('connection test', () => {
  it('passes every step of a good host', async () => {
    const result = await testConnection('web', {
      engine: ssh2Engine,
      resolve: () => hostOf(server),
      options: { signal, hostKeys: never },
    });
    expect(result.passed).toBe(true);
    expect(result.hostKey?.type).toBe('ssh-ed25519');
    expect(result.serverVersion).toMatch(/^SSH-2.0-OpenSSH/);
  });

  it('says which step fails', async () => {
    const wrong = join(server.directory, 'wrong_step');
    await makeKey(wrong, 'ed25519');
    const test = async (change: HostOverrides): Promise<string[]> => {
      const { steps } = await testConnection('web', {
        engine: ssh2Engine,
        resolve: () => hostOf(server, change),
        options: { signal, hostKeys: never },
      });
      return Object.values(steps).map(step => (step.status === 'failed' ? step.error.code : step.status));
    };
    expect(await test({ port: await freePort(server.address) })).toEqual([
      'ssh.refused',
      'skipped',
      'skipped',
      'skipped',
    ]);
    expect(await test({ knownHostsFile: '/dev/null' })).toEqual([
      'passed',
      'ssh.host-key-unknown',
      'skipped',
      'skipped',
    ]);
    expect(await test({ identityFile: wrong })).toEqual([
      'passed',
      'passed',
      'ssh.authentication-failed',
      'skipped',
    ]);
  });
});
