import { describe, expect, it } from 'vitest';
import { settingsFromText } from './config-file.ts';
import { hostFromSettings, type LocalFacts, parseSettings } from './ssh-settings.ts';
import { parseTarget } from './target.ts';

const facts: LocalFacts = {
  home: '/home/me',
  user: 'me',
  hostName: 'laptop.example.org',
  userId: 1000,
  environment: { SSH_AUTH_SOCK: '/run/agent', KEYS: '/keys' },
  fileExists: path => !path.includes('missing'),
};
const host = (text: string): ReturnType<typeof hostFromSettings> =>
  hostFromSettings('web', parseSettings(text), facts);

describe('targets', () => {
  it('reads what a person may write', () => {
    expect(parseTarget('web')).toEqual({ name: 'web', user: null, port: null });
    expect(parseTarget('ops@10.0.0.5:2222')).toEqual({ name: '10.0.0.5', user: 'ops', port: 2222 });
    expect(parseTarget('ssh://ops@web:22/')).toEqual({ name: 'web', user: 'ops', port: 22 });
    expect(parseTarget('[fe80::1]:2200')).toEqual({ name: 'fe80::1', user: null, port: 2200 });
    expect(parseTarget('fe80::1')).toEqual({ name: 'fe80::1', user: null, port: null });
    expect(parseTarget('me@corp@web')).toEqual({ name: 'web', user: 'me@corp', port: null });
  });

  it('refuses what a command line could take for something else', () => {
    for (const text of [
      '',
      '-oProxyCommand=x',
      'ops@-web',
      '-x@web',
      'a b',
      'a;b',
      '$(x)',
      'web:0',
      'web:70000',
    ]) {
      expect(() => parseTarget(text), text).toThrow(expect.objectContaining({ code: 'input.invalid' }));
    }
  });
});

describe('settings of a host', () => {
  it('has the defaults of OpenSSH', () => {
    expect(host('')).toEqual({
      name: 'web',
      address: 'web',
      port: 22,
      user: 'me',
      identityFiles: [],
      identitiesOnly: false,
      agent: '/run/agent',
      hostKeyAlias: null,
      userKnownHostsFiles: [],
      globalKnownHostsFiles: [],
      strictHostKeyChecking: 'ask',
      proxyJump: [],
      unsupported: null,
      connectTimeout: null,
    });
  });

  it('expands home, tokens and variables, and leaves out missing and repeated key files', () => {
    const text = [
      'hostname 10.0.0.5',
      'user ops',
      'identityfile ~/.ssh/id',
      'identityfile %d/.ssh/id',
      'identityfile ${KEYS}/%r-%h-%p',
      'identityfile ~/.ssh/missing',
      'identityfile "/with space/id"',
      'userknownhostsfile ~/a /b',
    ].join('\n');
    expect(host(text)).toMatchObject({
      identityFiles: ['/home/me/.ssh/id', '/keys/ops-10.0.0.5-22', '/with space/id'],
      userKnownHostsFiles: ['/home/me/a', '/b'],
    });
  });

  it('finds the agent', () => {
    expect(host('identityagent none').agent).toBeNull();
    expect(host('identityagent SSH_AUTH_SOCK').agent).toBe('/run/agent');
    expect(host('identityagent $KEYS').agent).toBe('/keys');
    expect(host('identityagent ~/agent').agent).toBe('/home/me/agent');
  });

  it('reads strictness, the jump chain and the timeout', () => {
    expect(host('stricthostkeychecking true').strictHostKeyChecking).toBe('yes');
    expect(host('stricthostkeychecking false').strictHostKeyChecking).toBe('no');
    expect(host('stricthostkeychecking accept-new').strictHostKeyChecking).toBe('accept-new');
    expect(host('proxyjump a,ops@b:22').proxyJump).toEqual(['a', 'ops@b:22']);
    expect(host('proxyjump none').proxyJump).toEqual([]);
    expect(host('connecttimeout 7').connectTimeout).toBe(7_000);
    expect(host('connecttimeout none').connectTimeout).toBeNull();
  });

  it('names what the engine cannot do', () => {
    expect(host('proxycommand nc %h %p').unsupported).toBe('ProxyCommand');
    expect(host('proxycommand none').unsupported).toBeNull();
    expect(host('certificatefile ~/.ssh/id-cert.pub').unsupported).toBe('CertificateFile');
    expect(host('preferredauthentications gssapi-with-mic').unsupported).toBe('GSSAPIAuthentication');
    expect(host('preferredauthentications gssapi-with-mic,publickey').unsupported).toBeNull();
  });
});

describe('configuration files without an ssh client', () => {
  it('takes the first value, adds key files up, follows Match, and lets the target win', () => {
    const text = [
      'Host web',
      '  HostName %h.example.org',
      '  Port 2022',
      '  IdentityFile ~/one',
      'Match host web.example.org',
      '  User never',
      'Host *',
      '  Port 22',
      '  IdentityFile ~/two',
    ].join('\n');
    const settings = settingsFromText(text, { name: 'web', user: 'ops', port: null });
    expect(hostFromSettings('web', settings, facts)).toMatchObject({
      address: 'web.example.org',
      port: 2022,
      user: 'ops',
      identityFiles: ['/home/me/one', '/home/me/two'],
      userKnownHostsFiles: ['/home/me/.ssh/known_hosts', '/home/me/.ssh/known_hosts2'],
    });
  });
});
