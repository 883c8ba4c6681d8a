import { describe, expect, it } from 'vitest';
import { DeckhandError } from '../core/deckhand-error.ts';
import { type Frame, FrameParser, NOISE_LIMIT } from './frame-parser.ts';

const MARKER = 'deckhand-0123';
const ANSWER = Buffer.concat([
  Buffer.from('Welcome! deckhand-01\ndeckhand-0123 no\n'),
  Buffer.from(`${MARKER}\ns started\no 0 5\nx exie 0 3\n`),
  Buffer.from('\0\n\xff', 'latin1'),
  Buffer.from('k\no 5 2\nk\n'),
  Buffer.from('p 12 3456\nx exit 3 7 3 900 ?\ntrailing junk'),
]);

function read(pieces: readonly Uint8Array[]): { frames: Frame[]; stdout: string; stderr: string } {
  const frames: Frame[] = [];
  let stdout = '';
  let stderr = '';
  const parser = new FrameParser(MARKER, frame => {
    if (frame.kind !== 'bytes') frames.push(frame);
    else if (frame.stream === 'stdout') stdout += Buffer.from(frame.bytes).toString('latin1');
    else stderr += Buffer.from(frame.bytes).toString('latin1');
  });
  for (const piece of pieces) parser.push(piece);
  return { frames, stdout, stderr };
}

function answerOf(...lines: string[]): () => void {
  return () => read([Buffer.from(`${MARKER}\n${lines.join('\n')}\n`)]);
}

describe('FrameParser', () => {
  const whole = read([ANSWER]);

  it('reads frames, bytes that look like frames, and the end', () => {
    expect(whole.stdout).toBe('x exik\n');
    expect(whole.stderr).toBe('\0\n\xff');
    expect(whole.frames).toEqual([
      { kind: 'started', attached: false },
      { kind: 'remaining', pids: [12, 3456], complete: true },
      {
        kind: 'end',
        state: {
          state: 'finished',
          exitCode: 3,
          signal: null,
          kept: { stdout: 7, stderr: 3 },
          total: { stdout: 900, stderr: null },
        },
      },
    ]);
  });

  it('gives the same at every split position, and byte by byte', () => {
    for (let at = 0; at <= ANSWER.length; at += 1) {
      expect(read([ANSWER.subarray(0, at), ANSWER.subarray(at)])).toEqual(whole);
    }
    expect(read([...ANSWER].map(byte => Uint8Array.of(byte)))).toEqual(whole);
  });

  it('names the signal of a killed command', () => {
    const { frames } = read([Buffer.from(`${MARKER}\nx signal 9 0 0 0 0\n`)]);
    expect(frames[0]).toMatchObject({ state: { exitCode: null, signal: 'KILL' } });
  });

  it('goes on from offsets and refuses a gap or an overlap', () => {
    const parser = new FrameParser(MARKER, () => undefined, { stdout: 10, stderr: 0 });
    parser.push(Buffer.from(`${MARKER}\no 10 2\nab`));
    expect(parser.offsets).toEqual({ stdout: 12, stderr: 0 });
    expect(() => parser.push(Buffer.from('o 11 2\n'))).toThrow(DeckhandError);
  });

  it.each([
    ['a gap', answerOf('o 5 2')],
    ['a negative length', answerOf('o 0 -2')],
    ['no length', answerOf('o 0')],
    ['an empty frame', answerOf('o 0 0')],
    ['a frame beyond the limit', answerOf('o 0 4194305')],
    ['a number beyond safe integers', answerOf('o 0 99999999999999999999')],
    ['a leading zero', answerOf('o 00 1')],
    ['an unknown frame', answerOf('hello')],
    ['an unknown state', answerOf('x perhaps')],
    ['an exit without totals', answerOf('x exit 0')],
    ['a pid of zero', answerOf('p 0')],
    ['a carriage return', answerOf('s started\r')],
    ['a line without end', answerOf('p '.padEnd(70_000, '1'))],
    ['endless noise', () => read([Buffer.alloc(NOISE_LIMIT + 1, 'a')])],
  ])('refuses %s with a typed error', (_, act) => {
    expect(act).toThrow(expect.objectContaining({ code: 'host.unsupported' }) as Error);
  });
});
