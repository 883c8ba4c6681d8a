import { describe, expect, it } from 'vitest';
import { parseForward } from './forward-words.ts';

const loopback = (port: number): object => ({ host: '127.0.0.1', port });

describe('forwards in the words of ssh', () => {
  it('of ports, sockets and both', () => {
    expect(parseForward('-L', '8080:localhost:80')).toEqual({
      kind: 'local',
      listen: loopback(8080),
      target: { host: 'localhost', port: 80 },
    });
    expect(parseForward('-L', '0.0.0.0:0:[::1]:80')).toMatchObject({
      listen: { host: '0.0.0.0', port: 0 },
      target: { host: '::1', port: 80 },
    });
    expect(parseForward('-L', '*:8080:db:5432')).toMatchObject({ listen: { host: '0.0.0.0', port: 8080 } });
    expect(parseForward('-L', '8080:/run/llm.sock')).toMatchObject({
      listen: loopback(8080),
      target: { path: '/run/llm.sock' },
    });
    expect(parseForward('-L', '/tmp/a.sock:/run/llm.sock')).toMatchObject({
      listen: { path: '/tmp/a.sock' },
      target: { path: '/run/llm.sock' },
    });
    expect(parseForward('-R', '/run/x.sock:localhost:3000')).toMatchObject({
      kind: 'remote',
      listen: { path: '/run/x.sock' },
      target: { host: 'localhost', port: 3000 },
    });
    expect(parseForward('-D', '1080')).toEqual({ kind: 'dynamic', listen: loopback(1080) });
    expect(parseForward('-D', '[::1]:1080')).toMatchObject({ listen: { host: '::1', port: 1080 } });
  });

  it('that are none name the flag and what is wrong', () => {
    const wrong = [
      ['-L', '8080', /-L: '8080' is not/],
      ['-L', '8080:host', /is no port|is not/],
      ['-L', 'x:host:80', /'x' is no port/],
      ['-L', '8080:host:99999', /'99999' is no port/],
      ['-L', '8080:host:80:', /is not/],
      ['-L', '[::1:8080:host:80', /is not/],
      ['-L', `8080:/${'x'.repeat(120)}`, /at most 103 bytes/],
      ['-L', '8080:host:0', /-L/],
      ['-D', '', /-D/],
      ['-R', 'a:b:c:d:e', /-R/],
    ] as const;
    for (const [flag, text, why] of wrong)
      expect(() => parseForward(flag, text), text).toThrow(
        expect.objectContaining({ message: expect.stringMatching(why) }),
      );
  });
});
