import { describe, expect, it } from 'vitest';
import { DeckhandError } from '../core/deckhand-error.ts';
import { forwardSchema, tunnelParams } from '../core/tunnel.ts';
import { mayComeRight, pauseBefore, staggerAfter } from './back-off.ts';
import { readingOf } from './http-probe.ts';
import { judgeHealth } from './judge-health.ts';
import { httpRefusal, looksLikeHttp } from './refuse-client.ts';
import { readGreeting, readRequest, replyTo } from './socks.ts';

describe('back-off', () => {
  it('stays short for two minutes, and never passes fifteen seconds (L15)', () => {
    expect([0, 1, 2, 3, 4, 50].map(attempt => pauseBefore(attempt, 0, 0.5))).toEqual([
      100, 250, 500, 1000, 1500, 1500,
    ]);
    expect(pauseBefore(50, 119_000, 1)).toBeLessThan(2_000);
    expect(pauseBefore(50, 121_000, 1)).toBe(15_000);
    expect(pauseBefore(0, 0, 0)).not.toBe(pauseBefore(0, 0, 1));
    expect(staggerAfter(60_000)).toBeLessThan(2_000);
  });

  it('is for what may come right by itself: never for credentials and host keys', () => {
    const of = (code: ConstructorParameters<typeof DeckhandError>[0]): boolean =>
      mayComeRight(new DeckhandError(code, 'x'));
    for (const code of [
      'ssh.refused',
      'ssh.connect-timeout',
      'ssh.handshake-refused',
      'ssh.not-ssh',
    ] as const)
      expect(of(code), code).toBe(true);
    const final = [
      'ssh.authentication-failed',
      'ssh.host-key-changed',
      'ssh.host-key-unknown',
      'ssh.host-key-revoked',
      'ssh.no-credentials',
      'ssh.key-unreadable',
    ] as const;
    for (const code of final) expect(of(code), code).toBe(false);
    const hop = new DeckhandError('ssh.authentication-failed', 'x');
    expect(mayComeRight(new DeckhandError('ssh.jump-failed', 'x', { cause: hop }))).toBe(false);
  });
});

describe('health (L16)', () => {
  const start = { state: 'starting', wrongInARow: 0 } as const;
  it('starts, is well, stumbles, is down, and comes back', () => {
    expect(judgeHealth(start, 'connecting', null).state).toBe('starting');
    let now = judgeHealth(start, 'up', { answer: 'loading', text: '' });
    expect(now.state).toBe('loading');
    now = judgeHealth(now, 'up', { answer: 'healthy', text: '' });
    const states = ['wrong', 'wrong', 'wrong', 'sleeping', 'refused'] as const;
    const seen = states.map(answer => (now = judgeHealth(now, 'up', { answer, text: '' })).state);
    expect(seen).toEqual(['degraded', 'degraded', 'down', 'sleeping', 'down']);
    expect(judgeHealth({ state: 'healthy', wrongInARow: 0 }, 'down', null).state).toBe('down');
    expect(judgeHealth(start, 'needs-attention', null).state).toBe('down');
  });

  it('reads an answer of HTTP', () => {
    expect(readingOf(200, '{"status":"ok"}').answer).toBe('healthy');
    expect(readingOf(503, '{"error":{"message":"Loading model"}}').answer).toBe('loading');
    expect(readingOf(503, 'busy').answer).toBe('wrong');
    expect(readingOf(500, '\u001b[31mbad').text).toBe('HTTP 500 bad');
  });
});

describe('refusals', () => {
  it('know a request in HTTP by its first line', () => {
    for (const text of ['GET / HTTP/1.1\r\n', 'POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n'])
      expect(looksLikeHttp(Buffer.from(text)), text).toBe(true);
    for (const text of ['', 'GET / HT', 'SSH-2.0-OpenSSH\r\n', '\u0016\u0003\u0001', 'get / HTTP/1.1\r\n'])
      expect(looksLikeHttp(Buffer.from(text)), text).toBe(false);
  });

  it('say in HTTP what is wrong, and when to come back (T11)', () => {
    const text = httpRefusal(new DeckhandError('tunnel.down', 'It is\r\nx: y down.'));
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n/);
    expect(head).toMatch(/retry-after: 5/);
    expect(head).not.toMatch(/x: y/);
    expect(JSON.parse(body)).toMatchObject({ error: { type: 'tunnel_down', code: 503 } });
    expect(httpRefusal(new DeckhandError('tunnel.target-refused', 'x'))).toMatch(/^HTTP\/1.1 502/);
  });
});

describe('SOCKS5', () => {
  const name = Buffer.from('example.org');
  const request = Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([1, 187])]);

  it('is read however it is cut', () => {
    for (let cut = 0; cut < request.length; cut += 1)
      expect(readRequest(request.subarray(0, cut))).toBeNull();
    expect(readRequest(Buffer.concat([request, Buffer.from('more')]))).toEqual({
      length: request.length,
      target: { host: 'example.org', port: 443 },
    });
    expect(readGreeting(Buffer.from([5]))).toBeNull();
    expect(readGreeting(Buffer.from([5, 2, 1, 0]))).toMatchObject({ length: 4, accepted: true });
    expect(readGreeting(Buffer.from([5, 1, 2]))).toMatchObject({ accepted: false });
    expect(readGreeting(Buffer.from('GET / HTTP/1.1'))).toMatchObject({ accepted: false });
  });

  it('takes both kinds of addresses and refuses other commands', () => {
    const four = Buffer.from([5, 1, 0, 1, 10, 0, 0, 7, 0, 80]);
    expect(readRequest(four)).toMatchObject({ target: { host: '10.0.0.7', port: 80 } });
    const six = Buffer.from([5, 1, 0, 4, ...new Uint8Array(15), 1, 0, 22]);
    expect(readRequest(six)).toMatchObject({ target: { host: '0:0:0:0:0:0:0:1', port: 22 } });
    expect(readRequest(Buffer.from([5, 2, 0, 1, 10, 0, 0, 7, 0, 80]))).toMatchObject({ refusal: 7 });
    expect(readRequest(Buffer.from([5, 1, 0, 9, 10, 0, 0, 7, 0, 80]))).toMatchObject({ refusal: 8 });
    expect(replyTo(5)).toHaveLength(10);
  });
});

describe('parameters', () => {
  const given = {
    name: 'web',
    host: 'lab-1',
    forward: { kind: 'local', listen: { host: '127.0.0.1', port: 0 }, target: { path: '/run/a.sock' } },
  };
  it('have defaults, and bounds that name the field', () => {
    expect(tunnelParams.parse(given)).toMatchObject({ hold: 15_000, health: { interval: 30_000 } });
    const long = { kind: 'dynamic', listen: { path: `/${'x'.repeat(120)}` } };
    const { error } = forwardSchema.safeParse(long);
    expect(JSON.stringify(error?.issues)).toMatch(/at most 103 bytes/);
    expect(tunnelParams.safeParse({ ...given, name: '../x' }).success).toBe(false);
    expect(tunnelParams.safeParse({ ...given, host: '' }).success).toBe(false);
  });
});
