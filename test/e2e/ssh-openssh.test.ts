import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAutomaticEngine, type EngineChoice } from '../../src/ssh/choose-engine.ts';
import { sshConformance } from '../../src/ssh/conformance.ts';
import type { ConnectOptions, CredentialPrompts, SshConnection } from '../../src/ssh/connection.ts';
import { opensshEngine } from '../../src/ssh/openssh/openssh-engine.ts';
import { probeShell } from '../../src/ssh/probe-shell.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import type { ResolvedHost } from '../../src/ssh/resolved-host.ts';
import { ssh2Engine } from '../../src/ssh/ssh2-engine.ts';
import { testConnection } from '../../src/ssh/test-connection.ts';
import { bootHost, type LabHost, labAvailable, labSshConfig } from '../lab/lab.ts';
import { deckhand, stopDaemon } from './deckhand-command.ts';
import { fingerprintOf, freePort, makeKey, type PlainSshd, publicKey, startPlainSshd } from './plain-sshd.ts';
import { failure, hostOf, never, outputOf, signal } from './ssh-client.ts';

const execute = promisify(execFile);
/** Numbers of this suite's own hosts. */
const CERTIFIED = 163;
const INNER = 164;
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
      const error = await failure(connect(host, { connectTimeout: greeting === null ? 600 : 10_000 }));
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
    const all = await Promise.all(Array.from({ length: 5 }, () => connect(host, { connectTimeout: 60_000 })));
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
      const command = 'echo up; exec sleep 20';
      const running = failure(connection.execute(command, { signal, onOutput: () => started.resolve() }));
      await started.promise;
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
    await connection.close();
    expect(await mastersOf(server)).toEqual([]);
    const folder = /-S (\S+)\/s /.exec(mine[0] ?? '')?.[1] ?? '';
    await expect(stat(folder)).rejects.toThrow('ENOENT');
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

describe('host keys', () => {
  it('ssh.host-key-unknown: nobody accepts it, and nothing is written', async () => {
    const knownHostsFile = join(server.directory, 'openssh_empty');
    const error = await failure(connect(await hostOf(server, { knownHostsFile })));
    expect(error.code).toBe('ssh.host-key-unknown');
    expect(error.message).toContain(await fingerprintOf(join(server.directory, 'host_ed25519')));
    await expect(stat(knownHostsFile)).rejects.toThrow('ENOENT');
  });

  it('asks about an unknown key once; what was accepted is written and known', async () => {
    const knownHostsFile = join(server.directory, 'openssh_new');
    const host = await hostOf(server, { knownHostsFile });
    const asked: string[] = [];
    const hostKeys: ConnectOptions['hostKeys'] = {
      acceptUnknown: (_name, key) => {
        asked.push(`${key.type} ${key.fingerprint}`);
        return Promise.resolve(true);
      },
    };
    await (await connect(host, { hostKeys })).close();
    await (await connect(host, { hostKeys })).close();
    expect(asked).toEqual([`ssh-ed25519 ${await fingerprintOf(join(server.directory, 'host_ed25519'))}`]);
    expect(await readFile(knownHostsFile, 'utf8')).toContain(server.hostKeys[0]);
  });

  it('accept-new needs nobody; yes refuses without asking', async () => {
    const host = await hostOf(server, { knownHostsFile: join(server.directory, 'openssh_accept') });
    const asked = { acceptUnknown: () => Promise.reject(new Error('asked')) };
    const strict = { ...host, strictHostKeyChecking: 'yes' as const };
    expect((await failure(connect(strict, { hostKeys: asked }))).code).toBe('ssh.host-key-unknown');
    await (await connect({ ...host, strictHostKeyChecking: 'accept-new' }, { hostKeys: asked })).close();
    await (await connect(strict, { hostKeys: asked })).close();
  });

  it('ssh.host-key-changed: both fingerprints and the line are named, whatever the strictness', async () => {
    const other = join(server.directory, 'openssh_other');
    await makeKey(other, 'ed25519');
    const knownHostsFile = join(server.directory, 'openssh_changed');
    await writeFile(knownHostsFile, `# old\n[${server.address}]:${server.port} ${await publicKey(other)}\n`);
    for (const strictHostKeyChecking of ['ask', 'no', 'accept-new', 'yes'] as const) {
      const host = { ...(await hostOf(server, { knownHostsFile })), strictHostKeyChecking };
      const error = await failure(connect(host));
      expect(error.code, strictHostKeyChecking).toBe('ssh.host-key-changed');
      expect(error.message).toContain(await fingerprintOf(other));
      expect(error.message).toContain(await fingerprintOf(join(server.directory, 'host_ed25519')));
      expect(error.message).toContain(`${knownHostsFile}:2`);
    }
  });

  it('ssh.host-key-revoked: the line is named', async () => {
    const knownHostsFile = join(server.directory, 'openssh_revoked');
    await writeFile(knownHostsFile, `@revoked * ${server.hostKeys[0]}\n`);
    const host = await hostOf(server, { knownHostsFile });
    const error = await failure(connect(host));
    expect(error.code).toBe('ssh.host-key-revoked');
  });
});

describe('credentials', () => {
  it('ssh.authentication-failed and ssh.no-credentials', async () => {
    const wrong = join(server.directory, 'openssh_wrong');
    await makeKey(wrong, 'ed25519');
    const refused = await failure(connect(await hostOf(server, { identityFile: wrong })));
    expect(refused.code).toBe('ssh.authentication-failed');
    expect(refused.details['tried']).toEqual([`key ${wrong}`]);
    const nothing = await failure(connect({ ...(await hostOf(server)), identityFiles: [] }));
    expect(nothing.code).toBe('ssh.no-credentials');
  });

  it('asks for the passphrase of an encrypted key, and again after a wrong one', async () => {
    const file = join(server.directory, 'openssh_encrypted');
    await makeKey(file, 'ed25519', 'right words');
    const lines = [`AuthorizedKeysFile ${file}.pub`];
    await using one = await startPlainSshd({ address: '127.77.163.6', lines });
    const host = await hostOf(one, { identityFile: file });
    const answers = ['wrong', 'right words'];
    const passphrase = (): Promise<string | null> => Promise.resolve(answers.shift() ?? null);
    await (await connect(host, { credentials: { passphrase } })).close();
    expect(answers).toEqual([]);
    const wrong = await failure(
      connect(host, { credentials: { passphrase: () => Promise.resolve('wrong') } }),
    );
    expect(wrong.code).toBe('ssh.key-unreadable');
    expect(wrong.message).toContain('passphrase is wrong');
    expect((await failure(connect(host))).code).toBe('ssh.key-unreadable');
  });

  it('uses the agent, and only the named key with IdentitiesOnly', async () => {
    const socket = join(server.directory, 'openssh-agent.sock');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise(resolve => agent.stdout.once('data', resolve));
    try {
      const stray = join(server.directory, 'openssh_stray');
      await makeKey(stray, 'ed25519');
      await execute('ssh-add', ['-q', stray, server.keyFile], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
      });
      const host = { ...(await hostOf(server)), identityFiles: [], identitiesOnly: false, agent: socket };
      await using connection = await connect(host);
      expect(await outputOf(connection, 'echo in')).toBe('in\n');
      const only = { ...host, identitiesOnly: true, identityFiles: [`${stray}.pub`] };
      const error = await failure(connect(only));
      expect(error.code).toBe('ssh.authentication-failed');
      expect(error.details['tried']).toEqual(['agent (1 key)']);
    } finally {
      agent.kill();
    }
  });
});

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
    expect(first.log()).toContain('Accepted publickey');
    expect(second.log()).toContain('Accepted publickey');
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

  it('obeys a ProxyCommand, and says what a broken one said', async () => {
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
    expect(first.log()).toContain('Accepted publickey');
    const error = await failure(connect(await resolveHost('broken', { signal, configFile })));
    expect(error.code).toBe('ssh.jump-failed');
    expect(error.message).toContain('the tunnel is closed');
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

describe.skipIf(!labAvailable().booted)('booted hosts', () => {
  let folder: string;
  let certified: LabHost;
  let inner: LabHost;
  let configFile: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ssh-openssh-'));
    certified = await bootHost(CERTIFIED);
    inner = await bootHost(INNER, { behind: CERTIFIED });
    await makeKey(join(folder, 'authority'), 'ed25519');
    await makeKey(join(folder, 'signed'), 'ed25519');
    const words = ['-q', '-s', join(folder, 'authority'), '-I', 'test', '-n', 'deploy'];
    await execute('ssh-keygen', [...words, join(folder, 'signed.pub')]);
    await certified.run('cat >/etc/ssh/user_ca.pub', {
      input: await readFile(join(folder, 'authority.pub'), 'utf8'),
    });
    await certified.mod(
      'sshd',
      'TrustedUserCAKeys /etc/ssh/user_ca.pub',
      'PasswordAuthentication yes',
      'KbdInteractiveAuthentication no',
      'Match User deploy',
      '  AuthorizedKeysFile none',
      '  PasswordAuthentication no',
    );
    const known = await labSshConfig([certified, inner], folder);
    configFile = join(folder, 'config');
    await writeFile(
      configFile,
      [
        'Host by-certificate',
        `  HostName ${certified.address}`,
        '  User deploy',
        `  IdentityFile ${folder}/signed`,
        `  CertificateFile ${folder}/signed-cert.pub`,
        '  IdentitiesOnly yes',
        `  UserKnownHostsFile ${certified.knownHostsFile}`,
        'Host by-command',
        `  HostName ${inner.address}`,
        `  User ${inner.user}`,
        `  IdentityFile ${inner.keyFile}`,
        `  UserKnownHostsFile ${inner.knownHostsFile}`,
        `  ProxyCommand ssh -F ${known} -W [%h]:%p ${certified.name}`,
        '',
      ].join('\n'),
    );
  });
  afterAll(async () => {
    await stopDaemon(folder);
    await inner?.down();
    await certified?.down();
    await rm(folder, { recursive: true, force: true });
  });

  const asOps = async (credentials: CredentialPrompts): Promise<SshConnection> => {
    const { address, port, knownHostsFile } = certified;
    const overrides = { address, port, knownHostsFile, user: 'ops' };
    const host = await resolveHost(certified.name, { signal, configFile: 'none', overrides });
    const bare = { ...host, agent: null, identityFiles: [], globalKnownHostsFiles: [] };
    return connect(bare, { credentials });
  };
  const answer =
    (...words: string[]) =>
    (): Promise<string | null> =>
      Promise.resolve(words.shift() ?? null);

  it('logs in with a password, after a wrong one too', async () => {
    await using connection = await asOps({ password: answer('not-it', 'ops-pass') });
    expect(await outputOf(connection, 'id -un')).toBe('ops\n');
  });

  it('ssh.authentication-failed: the password is wrong, and nowhere to be seen', async () => {
    const error = await failure(asOps({ password: answer('a-wrong-word') }));
    expect(error.code).toBe('ssh.authentication-failed');
    expect(error.details['tried']).toEqual(['password']);
    expect(JSON.stringify(error.toJSON())).not.toContain('a-wrong-word');
    expect((await failure(asOps({ password: answer() }))).code).toBe('ssh.no-credentials');
    expect((await failure(asOps({}))).code).toBe('ssh.no-credentials');
    expect((await readdir(tmpdir())).filter(name => name.startsWith('dh-'))).toEqual([]);
  });

  it('by the command line: a login by certificate alone, and a host behind a ProxyCommand', async () => {
    for (const [name, user] of [
      ['by-certificate', 'deploy'],
      ['by-command', inner.user],
    ] as const) {
      const words = ['exec', name, '--ssh-config', configFile, '--', 'id -un'];
      const { code, stdout, stderr } = await deckhand(words, { folder });
      expect(code, stderr).toBe(0);
      expect(stdout).toContain(user);
    }
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
