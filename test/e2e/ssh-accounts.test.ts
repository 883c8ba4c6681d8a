import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sshConformance } from '../../src/ssh/conformance.ts';
import type { CredentialPrompts, SshConnection } from '../../src/ssh/connection.ts';
import { probeShell } from '../../src/ssh/probe-shell.ts';
import { type HostOverrides, resolveHost } from '../../src/ssh/resolve-host.ts';
import type { ResolvedHost } from '../../src/ssh/resolved-host.ts';
import { bootHost, type LabHost, labAvailable } from '../lab/lab.ts';
import { connect, failure, outputOf, signal } from './ssh-client.ts';

/** Numbers of this suite's own hosts. */
const BOOTED = 132;
const BUSYBOX = 133;

async function labResolve(lab: LabHost, overrides: HostOverrides): Promise<ResolvedHost> {
  const host = await resolveHost(lab.name, {
    signal,
    configFile: 'none',
    overrides: {
      address: lab.address,
      port: lab.port,
      user: lab.user,
      identityFile: lab.keyFile,
      knownHostsFile: lab.knownHostsFile,
      ...overrides,
    },
  });
  return { ...host, agent: null, globalKnownHostsFiles: [] };
}

describe.skipIf(!labAvailable().booted)('accounts of a booted host', () => {
  let lab: LabHost;
  beforeAll(async () => {
    lab = await bootHost(BOOTED);
    await lab.mod('sshd', 'PasswordAuthentication yes', 'KbdInteractiveAuthentication no');
  });
  afterAll(async () => {
    await lab.down();
  });

  const asOps = async (credentials: CredentialPrompts): Promise<SshConnection> => {
    const host = await labResolve(lab, { user: 'ops' });
    return connect({ ...host, identityFiles: [] }, { credentials });
  };
  const answer =
    (...words: string[]) =>
    (): Promise<string | null> =>
      Promise.resolve(words.shift() ?? null);

  it('logs in with a password, after a wrong one too', async () => {
    await using connection = await asOps({ password: answer('not-it', 'ops-pass') });
    expect(await outputOf(connection, 'id -un')).toBe('ops\n');
  });

  it('ssh.authentication-failed: the password is wrong, and not shown', async () => {
    const error = await failure(asOps({ password: answer('a-wrong-word') }));
    expect(error.code).toBe('ssh.authentication-failed');
    expect(error.details['tried']).toEqual(['password']);
    expect(JSON.stringify(error.toJSON())).not.toContain('a-wrong-word');
  });

  it('ssh.no-credentials: nobody answers the question', async () => {
    expect((await failure(asOps({ password: () => Promise.resolve(null) }))).code).toBe('ssh.no-credentials');
  });

  it('answers keyboard-interactive, by itself from a password and by a person', async () => {
    await lab.mod('sshd', 'PasswordAuthentication no', 'KbdInteractiveAuthentication yes');
    await using stored = await asOps({ password: answer('ops-pass') });
    expect(await outputOf(stored, 'id -un')).toBe('ops\n');
    const asked: string[] = [];
    await using typed = await asOps({
      keyboardInteractive: (_host, prompts) => {
        asked.push(...prompts);
        return Promise.resolve(['ops-pass']);
      },
    });
    expect(await outputOf(typed, 'id -un')).toBe('ops\n');
    expect(asked.join()).toMatch(/password/i);
  });

  it('gives key and password where the server wants both', async () => {
    await lab.mod('sshd', 'PasswordAuthentication yes', 'AuthenticationMethods publickey,password');
    const host = await labResolve(lab, { user: 'ops' });
    await using connection = await connect(host, { credentials: { password: answer('ops-pass') } });
    expect(await outputOf(connection, 'id -un')).toBe('ops\n');
    await lab.mod('sshd', 'AuthenticationMethods any');
  });

  it('ssh.no-shell: nologin, sftp only', async () => {
    for (const user of ['nologin', 'sftponly']) {
      await using connection = await connect(await labResolve(lab, { user }));
      expect((await failure(probeShell(connection, { signal }))).code, user).toBe('ssh.no-shell');
    }
  });

  it('finds the shell behind a noisy .bashrc', async () => {
    await using connection = await connect(await labResolve(lab, { user: 'noisy' }));
    expect((await probeShell(connection, { signal })).noisy).toBe(true);
  });

  it('ssh.host-key-changed: the machine was installed anew', async () => {
    const before = lab.hostKeyFingerprint;
    await lab.rekey();
    const error = await failure(connect(await labResolve(lab, {})));
    expect(error.code).toBe('ssh.host-key-changed');
    expect(error.message).toContain(before);
    expect(error.message).toContain(lab.hostKeyFingerprint);
    await lab.reset();
  });

  it('ssh.peer-silent, then ssh.connect-timeout: the network swallows everything', async () => {
    const host = await labResolve(lab, {});
    await using connection = await connect(host, { keepAliveInterval: 1_000 });
    await lab.net('blackhole');
    expect((await connection.closed)?.code).toBe('ssh.peer-silent');
    expect((await failure(connect(host, { connectTimeout: 400 }))).code).toBe('ssh.connect-timeout');
    await lab.net('reject');
    expect((await failure(connect(host))).code).toBe('ssh.unreachable');
    await lab.net('ok');
  });
});

describe.skipIf(!labAvailable().booted)('a dropbear host', () => {
  let lab: LabHost | undefined;
  afterAll(async () => {
    await lab?.down();
  });

  sshConformance(
    'ssh2 engine on dropbear',
    async () => {
      lab ??= await bootHost(BUSYBOX, { kind: 'busybox' });
      return connect(await labResolve(lab, {}));
    },
    { describe, it },
  );
});
