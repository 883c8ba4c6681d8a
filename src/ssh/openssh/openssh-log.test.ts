import { describe, expect, it } from 'vitest';
import type { ResolvedHost } from '../resolved-host.ts';
import { readQuestion } from './openssh-askpass.ts';
import { connectError, type FailureSurroundings, lostError } from './openssh-errors.ts';
import { readLog } from './openssh-log.ts';

const host = { name: 'web', address: '10.0.0.5', port: 22, user: 'me', unsupported: null } as ResolvedHost;
const nothing: FailureSurroundings = { known: [], answered: [], locked: new Map(), stderr: '' };
const GREETED = [
  'debug1: Connecting to 10.0.0.5 [10.0.0.5] port 22.',
  'debug1: Connection established.',
  'debug1: Local version string SSH-2.0-OpenSSH_9.2p1',
  'debug1: Remote protocol version 2.0, remote software version OpenSSH_10.0p2 Debian-7',
];
const EXCHANGED = [
  ...GREETED,
  'debug1: Server host key: ssh-ed25519 SHA256:exkKpHQlJ0IdlC4hRpNG4j7YZzpPTFo849hV7aS7OwQ',
  'debug1: SSH2_MSG_NEWKEYS received',
  'debug1: Authentications that can continue: publickey,password',
];
const codeOf = (lines: readonly string[], change: Partial<ResolvedHost> = {}): string =>
  connectError({ ...host, ...change }, readLog(lines.join('\n')), nothing).code;

describe('the log of ssh', () => {
  it('tells version, host key and stage', () => {
    const facts = readLog(
      [...EXCHANGED, 'Authenticated to web ([10.0.0.5]:22) using "publickey".'].join('\r\n'),
    );
    expect(facts.serverVersion).toBe('SSH-2.0-OpenSSH_10.0p2 Debian-7');
    expect(facts.hostKey).toEqual({
      type: 'ssh-ed25519',
      fingerprint: 'SHA256:exkKpHQlJ0IdlC4hRpNG4j7YZzpPTFo849hV7aS7OwQ',
    });
    expect(facts.stage).toBe('authenticated');
    expect(readLog(GREETED.slice(0, 1).join('\n')).stage).toBe('dialling');
    expect(readLog(GREETED.slice(0, 2).join('\n')).stage).toBe('greeting');
    expect(readLog(GREETED.join('\n')).stage).toBe('key-exchange');
    expect(readLog(EXCHANGED.join('\n')).stage).toBe('authentication');
  });

  it('takes the first host key: what comes later may be written by the server', () => {
    const forged = 'debug1: Server host key: ssh-rsa SHA256:forgedforgedforgedforgedforgedforgedforged0';
    expect(readLog([...EXCHANGED, forged].join('\n')).hostKey?.type).toBe('ssh-ed25519');
  });

  it('counts keys of the agent and names those of files', () => {
    const offers = [
      'debug1: Offering public key: /home/me/.ssh/id one ED25519 SHA256:aaa explicit',
      'debug1: Offering public key: me@laptop ED25519 SHA256:bbb agent',
      'debug1: Offering public key: /home/me/.ssh/other RSA SHA256:ccc explicit agent',
      'debug1: Trying private key: /home/me/.ssh/locked',
      'debug1: Next authentication method: gssapi-with-mic',
    ];
    expect(readLog(offers.join('\n')).tried).toEqual([
      'gssapi-with-mic',
      'agent (2 keys)',
      'key /home/me/.ssh/id one',
      'key /home/me/.ssh/locked',
    ]);
  });
});

describe('an ssh that did not get through', () => {
  it.each([
    [['ssh: Could not resolve hostname web: Name or service not known'], 'ssh.resolve-failed'],
    [['ssh: connect to host 10.0.0.5 port 22: Connection refused'], 'ssh.refused'],
    [['ssh: connect to host 10.0.0.5 port 22: No route to host'], 'ssh.unreachable'],
    [['ssh: connect to host 10.0.0.5 port 22: Connection timed out'], 'ssh.connect-timeout'],
    [['Connection timed out during banner exchange'], 'ssh.connect-timeout'],
    [['kex_exchange_identification: Connection closed by remote host'], 'ssh.handshake-refused'],
    [['kex_exchange_identification: read: Connection reset by peer'], 'ssh.handshake-refused'],
    [['Connection closed by 10.0.0.5 port 22'], 'ssh.handshake-refused'],
    [['kex_exchange_identification: banner line contains invalid characters'], 'ssh.not-ssh'],
    [["Bad remote protocol version identification: 'SSH-1.5-old'"], 'ssh.not-ssh'],
    [
      ['Unable to negotiate with 10.0.0.5 port 22: no matching key exchange method found. Their offer: x'],
      'ssh.no-common-algorithm',
    ],
    [['/home/me/.ssh/config: line 3: Bad configuration option: hostnam'], 'settings.invalid'],
    [
      ['/home/me/.ssh/config line 3: Unsupported option "x"', 'Connection closed by a port 1'],
      'ssh.handshake-refused',
    ],
  ])('%j is %s', (lines, code) => {
    expect(codeOf(['debug1: Connection established.', ...lines])).toBe(code);
  });

  it('is told by the state of the key, and of the login', () => {
    const failed = 'Host key verification failed.';
    expect(codeOf([...EXCHANGED, failed])).toBe('ssh.host-key-unknown');
    const changed = '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @';
    expect(codeOf([...EXCHANGED, changed, failed])).toBe('ssh.host-key-changed');
    const revoked = '@       WARNING: REVOKED HOST KEY DETECTED!               @';
    expect(codeOf([...EXCHANGED, revoked, changed, failed])).toBe('ssh.host-key-revoked');
    const denied = 'me@10.0.0.5: Permission denied (publickey,password).';
    expect(codeOf([...EXCHANGED, denied])).toBe('ssh.no-credentials');
    const offered = 'debug1: Offering public key: /k ED25519 SHA256:aaa explicit';
    expect(codeOf([...EXCHANGED, offered, denied])).toBe('ssh.authentication-failed');
    const many = 'Received disconnect from 10.0.0.5 port 22:2: Too many authentication failures';
    expect(codeOf([...EXCHANGED, offered, many])).toBe('ssh.authentication-failed');
    const locked = { ...nothing, locked: new Map([['/k', 'wrong' as const]]) };
    const error = connectError(host, readLog([...EXCHANGED, offered, denied].join('\n')), locked);
    expect(error.code).toBe('ssh.key-unreadable');
    expect(error.message).toContain('passphrase is wrong');
  });

  it('that met another protocol quotes its first line, and a busy sshd is none', () => {
    const closed = 'kex_exchange_identification: Connection closed by remote host';
    const line = (text: string): string[] => [
      'debug1: Connection established.',
      `debug1: kex_exchange_identification: banner line 0: ${text}`,
      closed,
    ];
    expect(codeOf(line('220 mail.example.org ESMTP'))).toBe('ssh.not-ssh');
    expect(codeOf(line('Exceeded MaxStartups'))).toBe('ssh.handshake-refused');
  });

  it('whose ProxyCommand gave nothing says what that said', () => {
    const log = readLog('Connection closed by UNKNOWN port 65535');
    const error = connectError({ ...host, unsupported: 'ProxyCommand' }, log, {
      ...nothing,
      stderr: 'sh: 1: nx: not found\n',
    });
    expect(error.code).toBe('ssh.jump-failed');
    expect(error.message).toContain('nx: not found');
  });
});

describe('an ssh that was connected', () => {
  it('ends because the server is silent, or for another reason', () => {
    const tail = 'debug1: channel 2: free\nTimeout, server 10.0.0.5 not responding.\n';
    expect(lostError(host, tail, 15_000).code).toBe('ssh.peer-silent');
    const lost = lostError(host, 'Connection to 10.0.0.5 closed by remote host.\n', 15_000);
    expect(lost.code).toBe('ssh.connection-lost');
    expect(lost.message).toContain('closed by remote host');
    expect(lostError(host, '', 15_000).message).toBe('The connection to web ended.');
  });
});

describe('what ssh asks', () => {
  it.each([
    ["me@10.0.0.5's password: ", '', { kind: 'password' }],
    [
      "Enter passphrase for key '/home/me/.ssh/id one': ",
      '',
      { kind: 'passphrase', file: '/home/me/.ssh/id one' },
    ],
    [
      'Enter PIN for ECDSA-SK key /home/me/.ssh/id_sk: ',
      '',
      { kind: 'passphrase', file: '/home/me/.ssh/id_sk' },
    ],
    ["Enter PIN for 'My Token': ", '', { kind: 'passphrase', file: 'My Token' }],
    ['(me@10.0.0.5) Verification code: ', '', { kind: 'interactive', prompt: 'Verification code: ' }],
    ['Password: ', '', { kind: 'interactive', prompt: 'Password: ' }],
    ['Confirm user presence for key ECDSA-SK SHA256:x', 'none', { kind: 'notice' }],
    [
      "The authenticity of host 'web (10.0.0.5)' can't be established.\nED25519 key fingerprint is SHA256:x.\n",
      '',
      { kind: 'host-key' },
    ],
  ])('%j', (prompt, hint, question) => {
    expect(readQuestion(prompt, hint)).toEqual(question);
  });
});
