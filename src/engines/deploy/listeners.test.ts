import { describe, expect, it } from 'vitest';
import { judgeListeners } from './listeners.ts';

const PORT = { host: '127.0.0.1', port: 9931 };
const SOCKET = { path: '/b/run/x.sock' };

describe('what an engine listens on', () => {
  it.each([
    ['its port', 'tcp 0100007F:26CB\n', PORT, { isThere: true, beyond: [] }],
    [
      'another port (T09)',
      'tcp 0100007F:26CC\n',
      PORT,
      { isThere: false, beyond: [], all: ['127.0.0.1:9932'] },
    ],
    ['its socket', 'unix /b/run/x.sock\n', SOCKET, { isThere: true, beyond: [] }],
    ['another socket', 'unix /b/run/y.sock\n', SOCKET, { isThere: false }],
    ['everything', 'tcp 00000000:26CB\n', PORT, { isThere: true, beyond: ['0.0.0.0:9931'] }],
    ['everything, by six', `tcp ${'0'.repeat(32)}:26CB\n`, PORT, { isThere: true, beyond: ['[::]:9931'] }],
    ['the loopback, by six', `tcp ${'0'.repeat(24)}01000000:26CB\n`, PORT, { isThere: false, beyond: [] }],
    [
      'its port and one of a child',
      'tcp 0100007F:26CB\ntcp 0200007F:0050\n',
      PORT,
      { isThere: true, beyond: [] },
    ],
    ['an address of the host', 'tcp 02244D0A:26CB\n', PORT, { isThere: false, beyond: ['10.77.36.2:9931'] }],
    ['nothing', '', PORT, { isThere: false, beyond: [], all: [] }],
  ])('%s', (_name, output, listen, expected) => {
    expect(judgeListeners(output, listen)).toMatchObject(expected);
  });

  it('is not judged where it could not be seen', () => {
    expect(judgeListeners('unknown\n', PORT)).toBeNull();
  });
});
