import { describe, expect, it } from 'vitest';
import { DeckhandError } from '../core/deckhand-error.ts';
import { BannerWatch } from './banner-watch.ts';
import { dialError } from './dial.ts';
import { type HandshakeEnd, handshakeError } from './handshake-error.ts';
import type { ResolvedHost } from './resolved-host.ts';

const host = { name: 'web', address: '10.0.0.5', port: 22 } as ResolvedHost;
const systemError = (code: string): Error => Object.assign(new Error(code), { code });

describe('dialling', () => {
  it.each([
    ['ENOTFOUND', 'ssh.resolve-failed'],
    ['EAI_AGAIN', 'ssh.resolve-failed'],
    ['ECONNREFUSED', 'ssh.refused'],
    ['EHOSTUNREACH', 'ssh.unreachable'],
    ['ENETUNREACH', 'ssh.unreachable'],
    ['EPERM', 'ssh.unreachable'],
    ['ETIMEDOUT', 'ssh.connect-timeout'],
  ])('%s is %s', (system, code) => {
    expect(dialError(host, systemError(system)).code).toBe(code);
  });

  it('of several addresses, a refusal says most', () => {
    const error = new AggregateError([systemError('ENETUNREACH'), systemError('ECONNREFUSED')]);
    expect(dialError(host, error).code).toBe('ssh.refused');
  });
});

describe('an unfinished handshake', () => {
  const refused = new DeckhandError('ssh.authentication-failed', 'refused');
  const credentials = { failure: () => refused };
  const library = (stage: 'greeting' | 'key-exchange' | 'authentication', error: Error): HandshakeEnd => ({
    kind: 'error',
    stage,
    error,
    credentials,
  });

  it('is told by stage, level and number', () => {
    const noMatch = Object.assign(new Error('Handshake failed: no matching key exchange algorithm'), {
      level: 'handshake',
    });
    expect(handshakeError(host, library('key-exchange', noMatch)).code).toBe('ssh.no-common-algorithm');
    const tooMany = Object.assign(new Error('Too many authentication failures'), { code: 2 });
    expect(handshakeError(host, library('authentication', tooMany))).toBe(refused);
    const reset = Object.assign(systemError('ECONNRESET'), { level: 'client-socket' });
    expect(handshakeError(host, library('key-exchange', reset)).code).toBe('ssh.handshake-refused');
    expect(handshakeError(host, library('greeting', new Error('odd'))).code).toBe('ssh.not-ssh');
    expect(handshakeError(host, { kind: 'closed', stage: 'greeting' }).code).toBe('ssh.handshake-refused');
    expect(handshakeError(host, { kind: 'timeout', stage: 'dialling' }).code).toBe('ssh.connect-timeout');
    expect(handshakeError(host, { kind: 'foreign', firstLine: 'HTTP/1.1 400' }).message).toContain(
      'HTTP/1.1 400',
    );
  });

  it('is not guessed from what the server wrote', () => {
    const error = Object.assign(new Error('Permission denied, authentication failed'), { code: 11 });
    expect(handshakeError(host, library('key-exchange', error)).code).toBe('ssh.handshake-refused');
  });
});

describe('the first bytes of a connection', () => {
  const watch = (...pieces: string[]): BannerWatch => {
    const banner = new BannerWatch();
    for (const piece of pieces) banner.feed(Buffer.from(piece));
    return banner;
  };

  it('are a version, split anywhere and after lines of greeting', () => {
    expect(watch('hello\r\nSS', 'H-2.0-OpenSSH_10.0', 'p2 Debian-7\r\nbinary').version).toBe(
      'SSH-2.0-OpenSSH_10.0p2 Debian-7',
    );
    expect(watch('SSH-2.0-\u001b[31mred\r\n').version).toBe('SSH-2.0-red');
  });

  it('are foreign, or OpenSSH turning away', () => {
    expect(watch('HTTP/1.1 400 Bad Request\r\n').isForeign).toBe(true);
    expect(watch('Exceeded MaxStartups\r\n').isForeign).toBe(false);
    expect(watch('').isForeign).toBe(false);
  });
});
