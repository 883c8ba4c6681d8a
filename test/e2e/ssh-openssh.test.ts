import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAutomaticEngine, type EngineChoice } from '../../src/ssh/choose-engine.ts';
import { sshConformance } from '../../src/ssh/conformance.ts';
import type { ConnectOptions, SshConnection } from '../../src/ssh/connection.ts';
import { opensshEngine } from '../../src/ssh/openssh/openssh-engine.ts';
import { probeShell } from '../../src/ssh/probe-shell.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import type { ResolvedHost } from '../../src/ssh/resolved-host.ts';
import { ssh2Engine } from '../../src/ssh/ssh2-engine.ts';
import { testConnection } from '../../src/ssh/test-connection.ts';
import { bootHost, type LabHost, labAvailable } from '../lab/lab.ts';
import { freePort, makeKey, type PlainSshd, startPlainSshd } from './plain-sshd.ts';
import { failure, hostOf, never, outputOf, signal } from './ssh-client.ts';

const execute = promisify(execFile);
/** Number of this suite's own host. */
const BUSYBOX = 165;

let server: PlainSshd;
beforeAll(async () => {
  server = await startPlainSshd({ address: '127.77.163.1', hostKeyTypes: ['ed25519', 'rsa', 'ecdsa'] });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function connect(host: ResolvedHost, options: Partial<ConnectOptions> = {}): Promise<SshConnection> {
  return opensshEngine.connect(host, { signal, hostKeys: never, ...options });
}

sshConformance('openssh engine on OpenSSH', async () => connect(await hostOf(server)), { describe, it });

describe('reaching a host', () => {
  it('ssh.refused, ssh.resolve-failed, ssh.unreachable', async () => {
    const host = await hostOf(server);
    const refused = await failure(connect({ ...host, port: await freePort(server.address) }));
    expect(refused.code).toBe('ssh.refused');
    const unknown = await failure(connect({ ...host, address: 'no-such-host.invalid' }));
    expect(unknown.code).toBe('ssh.resolve-failed');
  });

  it('ssh.not-ssh, ssh.connect-timeout, command.cancelled', async () => {
    const greetings = ['220 mail.example.org ESMTP\r\n', null];
    for (const greeting of greetings) {
      const fake = createServer(socket => {
        socket.on('error', () => undefined);
        if (greeting !== null) socket.end(greeting);
      });
      const port = await freePort('127.77.163.2');
      await new Promise<void>(resolve => {
        fake.listen(port, '127.77.163.2', resolve);
      });
      const host = { ...(await hostOf(server)), address: '127.77.163.2', port };
      const error = await failure(connect(host, { connectTimeout: greeting === null ? 600 : 120_000 }));
      expect(error.code).toBe(greeting === null ? 'ssh.connect-timeout' : 'ssh.not-ssh');
      if (greeting === null) {
        const controller = new AbortController();
        fake.once('connection', () => controller.abort());
        expect((await failure(connect(host, { signal: controller.signal }))).code).toBe('command.cancelled');
      } else expect(error.message).toContain('220 mail');
      fake.close();
    }
  });

  it('gets through MaxStartups 1 with five connections at once', async () => {
    await using busy = await startPlainSshd({ address: '127.77.163.3', lines: ['MaxStartups 1'] });
    const host = await hostOf(busy);
    const all = await Promise.all(
      Array.from({ length: 5 }, () => connect(host, { connectTimeout: 240_000 })),
    );
    expect(await Promise.all(all.map(connection => outputOf(connection, 'echo up')))).toEqual(
      Array.from({ length: 5 }, () => 'up\n'),
    );
    await Promise.all(all.map(connection => connection.close()));
  });

  it('tells the steps of a connection test, also where one fails', async () => {
    const test = async (change: Partial<ResolvedHost>): Promise<string[]> => {
      const { steps } = await testConnection('web', {
        engine: opensshEngine,
        resolve: async () => ({ ...(await hostOf(server)), ...change }),
        options: { signal, hostKeys: never },
      });
      return Object.values(steps).map(step => (step.status === 'failed' ? step.error.code : step.status));
    };
    expect(await test({})).toEqual(['passed', 'passed', 'passed', 'passed']);
    expect(await test({ userKnownHostsFiles: ['/dev/null'] })).toEqual([
      'passed',
      'ssh.host-key-unknown',
      'skipped',
      'skipped',
    ]);
    expect(await test({ identityFiles: [] })).toEqual(['passed', 'passed', 'ssh.no-credentials', 'skipped']);
  });
});

describe('sessions and ends', () => {
  it('shares MaxSessions 1; MaxSessions 0 is ssh.channel-refused', async () => {
    await using narrow = await startPlainSshd({ address: '127.77.163.4', lines: ['MaxSessions 1'] });
    await using connection = await connect(await hostOf(narrow));
    const outputs = await Promise.all([1, 2, 3, 4, 5].map(value => outputOf(connection, `echo ${value}`)));
    expect(outputs).toEqual(['1\n', '2\n', '3\n', '4\n', '5\n']);
    await using none = await startPlainSshd({ address: '127.77.163.4', lines: ['MaxSessions 0'] });
    await using other = await connect(await hostOf(none));
    expect((await failure(other.execute('true', { signal }))).code).toBe('ssh.channel-refused');
  });

  it('host.unsupported: no terminal is given', async () => {
    await using bare = await startPlainSshd({ address: '127.77.163.4', lines: ['PermitTTY no'] });
    await using connection = await connect(await hostOf(bare));
    const attempt = connection.execute('true', { signal, pty: { columns: 80, rows: 24, term: 'xterm' } });
    expect((await failure(attempt)).code).toBe('host.unsupported');
  });

  it('ssh.no-shell: nologin, a forced command', async () => {
    for (const forced of ['/usr/sbin/nologin', 'echo "$SSH_ORIGINAL_COMMAND"']) {
      await using odd = await startPlainSshd({ address: '127.77.163.4', lines: [`ForceCommand ${forced}`] });
      await using connection = await connect(await hostOf(odd));
      expect((await failure(probeShell(connection, { signal }))).code, forced).toBe('ssh.no-shell');
    }
  });

  it('ssh.connection-lost: sshd is killed; ssh.peer-silent: it is stopped', async () => {
    for (const how of ['kill', 'freeze'] as const) {
      await using doomed = await startPlainSshd({ address: '127.77.163.5' });
      await using connection = await connect(await hostOf(doomed), { keepAliveInterval: 150 });
      const started = Promise.withResolvers<void>();
      const command = 'echo up; exec sleep 60';
      const running = failure(connection.execute(command, { signal, onOutput: () => started.resolve() }));
      await Promise.race([started.promise, running]);
      await doomed[how]();
      const code = how === 'kill' ? 'ssh.connection-lost' : 'ssh.peer-silent';
      expect((await running).code).toBe(code);
      expect((await connection.closed)?.code).toBe(code);
    }
  });

  it('leaves no process and no file when it is closed', async () => {
    const connection = await connect(await hostOf(server));
    await outputOf(connection, 'true');
    const mine = await mastersOf(server);
    expect(mine).toHaveLength(1);
    // Not even while it is open, so that a killed process leaves nothing either.
    const folder = /-S (\S+)\/s /.exec(mine[0] ?? '')?.[1] ?? '';
    await expect(stat(folder)).rejects.toThrow('ENOENT');
    await connection.close();
    // its socket is closed a moment before it is gone
    await expect.poll(async () => await mastersOf(server), { timeout: 60_000 }).toEqual([]);
  });

  it('gets 1 GB through in bounded memory', async () => {
    await using connection = await connect(await hostOf(server));
    const before = process.memoryUsage.rss();
    const result = await connection.execute('head -c 1000000000 /dev/zero', { signal });
    expect(result.stdoutBytes).toBe(1_000_000_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000);
  });
});

/** Command lines of the masters that are connected to a server. */
async function mastersOf({ port }: PlainSshd): Promise<string[]> {
  const { stdout } = await execute('ps', ['-eo', 'args=']);
  return stdout.split('\n').filter(line => line.startsWith('ssh ') && line.includes(`-p ${port} `));
}

describe('jump hosts and ProxyCommand', () => {
  it('goes through a chain, each hop resolved and verified by itself', async () => {
    await using first = await startPlainSshd({ address: '127.77.163.7' });
    await using second = await startPlainSshd({ address: '127.77.163.8' });
    const host = { ...(await hostOf(server)), proxyJump: ['first', 'second'] };
    const resolve = (name: string): Promise<ResolvedHost> => hostOf(name === 'first' ? first : second);
    await using connection = await connect(host, { resolve });
    expect(await outputOf(connection, 'echo "$SSH_CONNECTION"')).toContain(
      ` ${server.address} ${server.port}`,
    );
    for (const hop of [first, second])
      await expect.poll(() => hop.log(), { timeout: 60_000 }).toContain('Accepted publickey');
    await second.kill();
    expect((await connection.closed)?.code).toBe('ssh.connection-lost');
  });

  it('ssh.jump-failed: names the hop and its own error', async () => {
    await using first = await startPlainSshd({ address: '127.77.163.7' });
    const host = { ...(await hostOf(server)), proxyJump: ['first'] };
    const hop = await hostOf(first);
    const through = async (change: Partial<ResolvedHost>, target = host): Promise<unknown[]> => {
      const resolve = (): Promise<ResolvedHost> => Promise.resolve({ ...hop, ...change });
      const error = await failure(connect(target, { resolve }));
      return [error.code, error.details['code']];
    };
    expect(await through({ port: await freePort(first.address) })).toEqual([
      'ssh.jump-failed',
      'ssh.refused',
    ]);
    expect(await through({ userKnownHostsFiles: [] })).toEqual(['ssh.jump-failed', 'ssh.host-key-unknown']);
    const closed = { ...host, port: await freePort(server.address) };
    expect(await through({}, closed)).toEqual(['ssh.jump-failed', 'ssh.unreachable']);
    const untrusted = await hostOf(server, { knownHostsFile: '/dev/null' });
    expect(await through({}, { ...untrusted, proxyJump: ['first'] })).toEqual([
      'ssh.host-key-unknown',
      undefined,
    ]);
  });

  it('obeys a ProxyCommand, and says that a broken one gave no connection', async () => {
    await using first = await startPlainSshd({ address: '127.77.163.7' });
    const configFile = join(server.directory, 'proxied.conf');
    const ssh = `ssh -F none -i ${first.keyFile} -o UserKnownHostsFile=${first.knownHostsFile} -p ${first.port}`;
    await writeFile(
      configFile,
      [
        `Host behind broken`,
        `  HostName ${server.address}`,
        `  Port ${server.port}`,
        `  IdentityFile ${server.keyFile}`,
        `  UserKnownHostsFile ${server.knownHostsFile}`,
        'Host behind',
        `  ProxyCommand ${ssh} -W [%h]:%p ${first.address}`,
        'Host broken',
        '  ProxyCommand echo the tunnel is closed >&2; exit 1',
        '',
      ].join('\n'),
    );
    await using connection = await connect(await resolveHost('behind', { signal, configFile }));
    expect(await outputOf(connection, 'echo in')).toBe('in\n');
    await expect.poll(() => first.log(), { timeout: 60_000 }).toContain('Accepted publickey');
    const error = await failure(connect(await resolveHost('broken', { signal, configFile })));
    expect(error.code).toBe('ssh.jump-failed');
    // its last words are quoted when ssh hands them on, which it does not always do
    expect(error.message).toMatch(/through its ProxyCommand, which gave no connection; it (said|ended)/);
  });
});

describe('the choice of the engine', () => {
  const choose = (): { engine: ReturnType<typeof createAutomaticEngine>; told: EngineChoice[] } => {
    const told: EngineChoice[] = [];
    const engine = createAutomaticEngine({
      ssh2: ssh2Engine,
      openssh: opensshEngine,
      onChoice: (_host, choice) => told.push(choice),
    });
    return { engine, told };
  };

  it('takes openssh for a server that speaks post-quantum key exchange only', async () => {
    const lines = ['KexAlgorithms sntrup761x25519-sha512@openssh.com'];
    await using modern = await startPlainSshd({ address: '127.77.163.9', lines });
    const { engine, told } = choose();
    await using connection = await engine.connect(await hostOf(modern), { signal, hostKeys: never });
    expect(connection.engine).toBe('openssh');
    expect(await outputOf(connection, 'echo in')).toBe('in\n');
    expect(told.map(choice => choice.reason)).toEqual(['it shares no algorithm with ssh2']);
  });

  it('takes openssh for a key with a certificate beside it, ssh2 for a plain one', async () => {
    const authority = join(server.directory, 'authority');
    const key = join(server.directory, 'signed');
    await makeKey(authority, 'ed25519');
    await makeKey(key, 'ed25519');
    const lines = [`TrustedUserCAKeys ${authority}.pub`, 'AuthorizedKeysFile none'];
    await using strict = await startPlainSshd({ address: '127.77.163.9', lines });
    await execute('ssh-keygen', ['-q', '-s', authority, '-I', 'test', '-n', strict.user, `${key}.pub`]);
    const { engine, told } = choose();
    const host = await hostOf(strict, { identityFile: key });
    await using connection = await engine.connect(host, { signal, hostKeys: never });
    expect(connection.engine).toBe('openssh');
    expect(await outputOf(connection, 'echo in')).toBe('in\n');
    expect(told.map(choice => choice.reason)).toEqual(['its configuration uses a user certificate']);
    await using plain = await engine.connect(await hostOf(server), { signal, hostKeys: never });
    expect(plain.engine).toBe('ssh2');
  });
});

describe.skipIf(!labAvailable().booted)('a dropbear host', () => {
  let lab: LabHost | undefined;
  afterAll(async () => {
    await lab?.down();
  });

  const connectToDropbear = async (): Promise<SshConnection> => {
    lab ??= await bootHost(BUSYBOX, { kind: 'busybox' });
    const { address, port, user, keyFile: identityFile, knownHostsFile } = lab;
    const overrides = { address, port, user, identityFile, knownHostsFile };
    const host = await resolveHost(lab.name, { signal, configFile: 'none', overrides });
    return connect({ ...host, agent: null, globalKnownHostsFiles: [] });
  };
  sshConformance('openssh engine on dropbear', connectToDropbear, { describe, it });
});
