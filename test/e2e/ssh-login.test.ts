import { execFile } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectOptions } from '../../src/ssh/connection.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import type { ResolvedHost } from '../../src/ssh/resolved-host.ts';
import { fingerprintOf, freePort, makeKey, type PlainSshd, publicKey, startPlainSshd } from './plain-sshd.ts';
import { secretCases } from './secret-cases.ts';
import { connect, failure, hostOf, outputOf, signal } from './ssh-client.ts';

const execute = promisify(execFile);

let server: PlainSshd;
beforeAll(async () => {
  server = await startPlainSshd({ address: '127.77.21.1', hostKeyTypes: ['ed25519', 'rsa', 'ecdsa'] });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('host keys', () => {
  it('ssh.host-key-unknown: nobody accepts it, and nothing is written', async () => {
    const knownHostsFile = join(server.directory, 'empty', 'known_hosts');
    const host = await hostOf(server, { knownHostsFile });
    const error = await failure(connect(host));
    expect(error.code).toBe('ssh.host-key-unknown');
    expect(error.message).toContain(await fingerprintOf(join(server.directory, 'host_ed25519')));
    await expect(stat(knownHostsFile)).rejects.toThrow('ENOENT');
  });

  it('appends an accepted key, private to the account, and does not ask again', async () => {
    const knownHostsFile = join(server.directory, 'new', 'known_hosts');
    const host = await hostOf(server, { knownHostsFile });
    const asked: string[] = [];
    const hostKeys: ConnectOptions['hostKeys'] = {
      acceptUnknown: (_name, key) => {
        asked.push(key.fingerprint);
        return Promise.resolve(true);
      },
    };
    await (await connect(host, { hostKeys })).close();
    await (await connect(host, { hostKeys })).close();
    expect(asked).toEqual([await fingerprintOf(join(server.directory, 'host_ed25519'))]);
    expect((await stat(knownHostsFile)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(knownHostsFile))).mode & 0o777).toBe(0o700);
    expect(await readFile(knownHostsFile, 'utf8')).toBe(
      `[${server.address}]:${server.port} ${server.hostKeys[0]}\n`,
    );
  });

  it('accept-new needs nobody; yes refuses without asking', async () => {
    const host = await hostOf(server, { knownHostsFile: join(server.directory, 'accept-new') });
    const strict = { ...host, strictHostKeyChecking: 'yes' as const };
    const asked = { acceptUnknown: () => Promise.reject(new Error('asked')) };
    expect((await failure(connect(strict, { hostKeys: asked }))).code).toBe('ssh.host-key-unknown');
    await (await connect({ ...host, strictHostKeyChecking: 'accept-new' }, { hostKeys: asked })).close();
    await (await connect(strict, { hostKeys: asked })).close();
  });

  it('ssh.host-key-changed: both fingerprints and the line are named, whatever the strictness (T07)', async () => {
    const other = join(server.directory, 'other_host');
    await makeKey(other, 'ed25519');
    const knownHostsFile = join(server.directory, 'changed');
    await writeFile(knownHostsFile, `# old\n[${server.address}]:${server.port} ${await publicKey(other)}\n`);
    for (const strictHostKeyChecking of ['ask', 'no', 'accept-new'] as const) {
      const host = { ...(await hostOf(server, { knownHostsFile })), strictHostKeyChecking };
      const error = await failure(connect(host));
      expect(error.code).toBe('ssh.host-key-changed');
      expect(error.message).toContain(await fingerprintOf(other));
      expect(error.message).toContain(await fingerprintOf(join(server.directory, 'host_ed25519')));
      expect(error.message).toContain(`${knownHostsFile}:2`);
    }
  });

  it('ssh.host-key-revoked: the line is named', async () => {
    const knownHostsFile = join(server.directory, 'revoked');
    await writeFile(knownHostsFile, `@revoked * ${server.hostKeys[0]}\n`);
    const error = await failure(connect(await hostOf(server, { knownHostsFile })));
    expect(error.code).toBe('ssh.host-key-revoked');
    expect(error.message).toContain(`${knownHostsFile}:1`);
  });

  it('asks first for a key type already known', async () => {
    const knownHostsFile = join(server.directory, 'rsa_only');
    await writeFile(knownHostsFile, `[${server.address}]:${server.port} ${server.hostKeys[1]}\n`);
    await using connection = await connect(await hostOf(server, { knownHostsFile }));
    expect(connection.hostKey).toEqual({
      type: 'ssh-rsa',
      fingerprint: await fingerprintOf(join(server.directory, 'host_rsa')),
    });
  });

  it('reads names hashed by ssh-keygen -H', async () => {
    const knownHostsFile = join(server.directory, 'hashed');
    await writeFile(knownHostsFile, await readFile(server.knownHostsFile));
    await execute('ssh-keygen', ['-H', '-f', knownHostsFile]);
    expect(await readFile(knownHostsFile, 'utf8')).toMatch(/^\|1\|/);
    await (await connect(await hostOf(server, { knownHostsFile }))).close();
  });

  it('judges a key of a type that is not known as the system client does', async () => {
    const other = join(server.directory, 'other_type');
    await makeKey(other, 'ecdsa');
    await using single = await startPlainSshd({ address: '127.77.21.3' });
    const knownHostsFile = join(server.directory, 'other_type_known');
    await writeFile(knownHostsFile, `[${single.address}]:${single.port} ${await publicKey(other)}\n`);
    const words = ['-F', 'none', '-i', single.keyFile, '-p', String(single.port)];
    words.push('-o', `UserKnownHostsFile=${knownHostsFile}`, '-o', 'BatchMode=yes', single.address, 'true');
    const system = await execute('ssh', words).catch((error: { stderr: string }) => error);
    expect(system.stderr).toMatch(/REMOTE HOST IDENTIFICATION HAS CHANGED|No .* host key is known/);
    const isChanged = system.stderr.includes('HAS CHANGED');
    const error = await failure(connect(await hostOf(single, { knownHostsFile })));
    expect(error.code).toBe(isChanged ? 'ssh.host-key-changed' : 'ssh.host-key-unknown');
  });
});

describe('credentials', () => {
  it('ssh.authentication-failed: the key is not authorised', async () => {
    const wrong = join(server.directory, 'wrong');
    await makeKey(wrong, 'ed25519');
    const error = await failure(connect(await hostOf(server, { identityFile: wrong })));
    expect(error.code).toBe('ssh.authentication-failed');
    expect(error.details['tried']).toEqual([`key ${wrong}`]);
  });

  it('ssh.no-credentials: there is nothing to offer', async () => {
    const error = await failure(connect({ ...(await hostOf(server)), identityFiles: [] }));
    expect(error.code).toBe('ssh.no-credentials');
  });

  it('opens keys of every type', async () => {
    for (const type of ['ed25519', 'ecdsa', 'rsa'] as const) {
      const file = join(server.directory, `login_${type}`);
      await makeKey(file, type);
      await using one = await startPlainSshd({
        address: '127.77.21.4',
        lines: [`AuthorizedKeysFile ${file}.pub`],
      });
      await using connection = await connect(await hostOf(one, { identityFile: file }));
      expect(await outputOf(connection, 'echo in')).toBe('in\n');
    }
  });

  secretCases({ connect, server: () => server, address: '127.77.21.4' });
});

describe('jump hosts', () => {
  it('goes through a chain, each hop verified by itself', async () => {
    await using first = await startPlainSshd({ address: '127.77.21.5' });
    await using second = await startPlainSshd({ address: '127.77.21.6' });
    const host = { ...(await hostOf(server)), proxyJump: ['first', 'second'] };
    const resolve = (name: string): Promise<ResolvedHost> => hostOf(name === 'first' ? first : second);
    await using connection = await connect(host, { resolve });
    expect(await outputOf(connection, 'echo "$SSH_CONNECTION"')).toContain(
      ` ${server.address} ${server.port}`,
    );
    await second.kill();
    expect((await connection.closed)?.code).toBe('ssh.connection-lost');
  });

  it('ssh.jump-failed: names the hop and its own error', async () => {
    await using first = await startPlainSshd({ address: '127.77.21.5' });
    const host = { ...(await hostOf(server)), proxyJump: ['first'] };
    const closed = { ...(await hostOf(first)), port: await freePort(first.address) };
    const untrusted = await hostOf(first, { knownHostsFile: join(first.directory, 'none') });
    const error = await failure(connect(host, { resolve: () => Promise.resolve(closed) }));
    expect([error.code, error.details['code']]).toEqual(['ssh.jump-failed', 'ssh.refused']);
    const second = await failure(connect(host, { resolve: () => Promise.resolve(untrusted) }));
    expect([second.code, second.details['code']]).toEqual(['ssh.jump-failed', 'ssh.host-key-unknown']);
    const target = { ...host, port: await freePort(server.address) };
    const third = await failure(connect(target, { resolve: () => hostOf(first) }));
    expect([third.code, third.details['code']]).toEqual(['ssh.jump-failed', 'ssh.unreachable']);
  });

  it("gives the target's own error when only the target is at fault", async () => {
    await using first = await startPlainSshd({ address: '127.77.21.5' });
    const host = { ...(await hostOf(server, { knownHostsFile: '/dev/null' })), proxyJump: ['first'] };
    expect((await failure(connect(host, { resolve: () => hostOf(first) }))).code).toBe(
      'ssh.host-key-unknown',
    );
  });
});

describe('resolving names', () => {
  it('equals ssh -G for a tricky configuration, with and without the ssh client', async () => {
    const { directory } = server;
    const included = join(directory, 'included.conf');
    await writeFile(included, 'Host included\n  HostName 10.1.2.3\n  Port 2201\n');
    const configFile = join(directory, 'tricky.conf');
    await writeFile(
      configFile,
      [
        `Include ${included}`,
        'Host web-* !web-9',
        '  HostName %h.example.org',
        '  User deploy',
        `  IdentityFile ${directory}/id`,
        '  ProxyJump ops@jump.example.org:2222,second',
        '  StrictHostKeyChecking accept-new',
        'Host web-1',
        '  User never-used',
        '  Port 2022',
        '  HostKeyAlias web.internal',
        `  UserKnownHostsFile ${directory}/a ${directory}/b`,
        'Host through',
        '  ProxyCommand nc %h %p',
        'Match host db user root',
        '  Port 5022',
        'Host *',
        '  ConnectTimeout 7',
        '  IdentitiesOnly yes',
        '',
      ].join('\n'),
    );
    for (const name of ['web-1', 'web-9', 'included', 'through', 'root@db', 'other@db:99', 'plain']) {
      // only the client knows which ciphers it has
      const { ciphers, ...host } = await resolveHost(name, { signal, configFile });
      expect(ciphers?.length).toBeGreaterThan(0);
      const own = await resolveHost(name, { signal, configFile, useSshClient: false });
      expect(own, name).toEqual(host);
    }
    const web = await resolveHost('web-1', { signal, configFile });
    expect(web).toMatchObject({
      address: 'web-1.example.org',
      port: 2022,
      user: 'deploy',
      identityFiles: [`${directory}/id`],
      identitiesOnly: true,
      hostKeyAlias: 'web.internal',
      userKnownHostsFiles: [`${directory}/a`, `${directory}/b`],
      strictHostKeyChecking: 'accept-new',
      proxyJump: ['ops@jump.example.org:2222', 'second'],
      connectTimeout: 7_000,
    });
    const through = await resolveHost('through', { signal, configFile });
    expect(through.unsupported).toBe('ProxyCommand');
    expect((await failure(connect(through))).code).toBe('ssh.unsupported-configuration');
  });

  it('settings.invalid: names what ssh does not understand', async () => {
    const configFile = join(server.directory, 'bad.conf');
    await writeFile(configFile, 'Host *\n  NoSuchOption yes\n');
    const error = await failure(resolveHost('web', { signal, configFile }));
    expect(error.code).toBe('settings.invalid');
    expect(error.message.toLowerCase()).toContain('nosuchoption');
  });
});
