import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectOptions, CredentialPrompts, SshConnection } from '../../src/ssh/connection.ts';
import { opensshEngine } from '../../src/ssh/openssh/openssh-engine.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import type { ResolvedHost } from '../../src/ssh/resolved-host.ts';
import { bootHost, type LabHost, labAvailable, labSshConfig } from '../lab/lab.ts';
import { deckhand, stopDaemon } from './deckhand-command.ts';
import { fingerprintOf, makeKey, type PlainSshd, publicKey, startPlainSshd } from './plain-sshd.ts';
import { secretCases } from './secret-cases.ts';
import { failure, hostOf, never, outputOf, signal } from './ssh-client.ts';

const execute = promisify(execFile);
/** Numbers of this suite's own hosts. */
const CERTIFIED = 163;
const INNER = 164;

let server: PlainSshd;
beforeAll(async () => {
  server = await startPlainSshd({ address: '127.77.164.1', hostKeyTypes: ['ed25519', 'rsa', 'ecdsa'] });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function connect(host: ResolvedHost, options: Partial<ConnectOptions> = {}): Promise<SshConnection> {
  return opensshEngine.connect(host, { signal, hostKeys: never, ...options });
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

  secretCases({ connect, server: () => server, address: '127.77.163.6' });
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
