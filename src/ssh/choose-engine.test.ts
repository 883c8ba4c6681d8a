import { describe, expect, it } from 'vitest';
import { DeckhandError } from '../core/deckhand-error.ts';
import {
  chooseEngine,
  createAutomaticEngine,
  type EngineChoice,
  keyBeyondSsh2,
  optionBeyondSsh2,
} from './choose-engine.ts';
import type { ConnectOptions, SshConnection, SshEngine } from './connection.ts';
import type { ResolvedHost } from './resolved-host.ts';
import { parseSettings } from './ssh-settings.ts';

describe('what ssh2 cannot serve', () => {
  it.each([
    ['proxycommand nc %h %p', 'ProxyCommand'],
    ['proxycommand none', null],
    ['certificatefile ~/.ssh/id-cert.pub', 'CertificateFile'],
    ['pkcs11provider /usr/lib/opensc-pkcs11.so', 'PKCS11Provider'],
    ['pkcs11provider none', null],
    ['kexalgorithms sntrup761x25519-sha512@openssh.com,mlkem768x25519-sha256', 'KexAlgorithms'],
    ['kexalgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256', null],
    ['preferredauthentications gssapi-with-mic', 'GSSAPIAuthentication'],
    ['preferredauthentications gssapi-with-mic,publickey', null],
    ['', null],
  ])('%j: %s', (text, option) => {
    expect(optionBeyondSsh2(parseSettings(text))).toBe(option);
  });

  it('keys with a certificate, and security keys', () => {
    expect(keyBeyondSsh2({ type: 'ssh-ed25519', hasCertificate: true })).toBe('a user certificate');
    expect(keyBeyondSsh2({ type: 'ssh-rsa-cert-v01@openssh.com', hasCertificate: false })).toBe(
      'a user certificate',
    );
    expect(keyBeyondSsh2({ type: 'sk-ssh-ed25519@openssh.com', hasCertificate: false })).toBe(
      'a security key (FIDO)',
    );
    expect(keyBeyondSsh2({ type: 'ssh-ed25519', hasCertificate: false })).toBeNull();
    expect(keyBeyondSsh2({ type: null, hasCertificate: false })).toBeNull();
  });

  it('a wish goes before what the configuration needs', () => {
    expect(chooseEngine({ unsupported: null })).toEqual({ engine: 'ssh2', reason: null });
    expect(chooseEngine({ unsupported: 'ProxyCommand' }).engine).toBe('openssh');
    expect(chooseEngine({ unsupported: 'ProxyCommand', engine: 'auto' }).reason).toContain('ProxyCommand');
    expect(chooseEngine({ unsupported: 'ProxyCommand', engine: 'ssh2' }).engine).toBe('ssh2');
    expect(chooseEngine({ unsupported: null, engine: 'openssh' }).engine).toBe('openssh');
  });
});

describe('the automatic engine', () => {
  const options = { signal: new AbortController().signal } as ConnectOptions;
  const host = (change: Partial<ResolvedHost> = {}): ResolvedHost =>
    ({ name: 'web', unsupported: null, ...change }) as ResolvedHost;
  const engines = (failure?: DeckhandError, opensshFailure?: DeckhandError) => {
    const calls: string[] = [];
    const told: EngineChoice[] = [];
    const make = (name: string, error?: DeckhandError): SshEngine => ({
      name,
      connect: () => {
        calls.push(name);
        return error ? Promise.reject(error) : Promise.resolve({ engine: name } as SshConnection);
      },
    });
    const engine = createAutomaticEngine({
      ssh2: make('ssh2', failure),
      openssh: make('openssh', opensshFailure),
      onChoice: (_host, choice) => told.push(choice),
    });
    return { engine, calls, told };
  };

  it('takes what the configuration needs and says so once', async () => {
    const { engine, calls, told } = engines();
    await engine.connect(host({ unsupported: 'ProxyCommand' }), options);
    await engine.connect(host({ unsupported: 'ProxyCommand' }), options);
    await engine.connect(host({ name: 'plain' }), options);
    expect(calls).toEqual(['openssh', 'openssh', 'ssh2']);
    expect(told).toEqual([{ engine: 'openssh', reason: 'its configuration uses ProxyCommand' }]);
  });

  it('learns from a server without a common algorithm, and from a hop it cannot pass', async () => {
    const noCommon = new DeckhandError('ssh.no-common-algorithm', 'none');
    const { engine, calls, told } = engines(noCommon);
    await engine.connect(host(), options);
    await engine.connect(host(), options);
    expect(calls).toEqual(['ssh2', 'openssh', 'openssh']);
    expect(told).toHaveLength(1);
    const hop = engines(
      new DeckhandError('ssh.jump-failed', 'no', { details: { code: 'ssh.unsupported-configuration' } }),
    );
    await hop.engine.connect(host(), options);
    expect(hop.calls).toEqual(['ssh2', 'openssh']);
  });

  it('takes the client of the system for a tunnel, unless the entry wants another or it cannot be had', async () => {
    const tunnel = { ...options, forForwards: true };
    const { engine, calls, told } = engines();
    await engine.connect(host(), tunnel);
    await engine.connect(host({ engine: 'ssh2' }), tunnel);
    expect([calls, told]).toEqual([['openssh', 'ssh2'], []]);
    const none = engines(undefined, new DeckhandError('ssh.unsupported-configuration', 'no ssh'));
    await none.engine.connect(host(), tunnel);
    expect(none.calls).toEqual(['openssh', 'ssh2']);
    const refused = engines(undefined, new DeckhandError('ssh.authentication-failed', 'no'));
    await expect(refused.engine.connect(host(), tunnel)).rejects.toMatchObject({
      code: 'ssh.authentication-failed',
    });
    expect(refused.calls).toEqual(['openssh']);
  });

  it('gives every other error as it is, and every error to whom ssh2 was asked for', async () => {
    const refused = engines(new DeckhandError('ssh.authentication-failed', 'no'));
    await expect(refused.engine.connect(host(), options)).rejects.toMatchObject({
      code: 'ssh.authentication-failed',
    });
    const asked = engines(new DeckhandError('ssh.no-common-algorithm', 'none'));
    await expect(asked.engine.connect(host({ engine: 'ssh2' }), options)).rejects.toMatchObject({
      code: 'ssh.no-common-algorithm',
    });
    expect(asked.calls).toEqual(['ssh2']);
  });
});
