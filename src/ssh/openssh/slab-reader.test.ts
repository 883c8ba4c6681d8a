import { describe, expect, it } from 'vitest';
import { lengthPrefixed, uint32 } from './mux-packets.ts';
import { SlabReader } from './slab-reader.ts';

const KIBIBYTE = 1024;

/** Frames of all sizes, each of bytes that tell it from the others. */
const frames = Array.from({ length: 400 }, (_, index) =>
  Buffer.alloc((index * 7919) % (90 * KIBIBYTE), index),
);
const stream = Buffer.concat(frames.map(lengthPrefixed));

/** Puts the stream into the reader as the system would, at most `size` bytes at once. */
function feed(reader: SlabReader, size: number, onFrame: Parameters<SlabReader['take']>[1]): void {
  for (let at = 0; at < stream.length; ) {
    const count = stream.copy(reader.room(), 0, at, at + size);
    at += count;
    reader.take(count, onFrame);
  }
}

describe('frames in memory that is used again', () => {
  it('come out the same however the stream is cut', () => {
    for (const size of [1_000, 65_536, 65_537, 200_000, 1_000_000]) {
      let next = 0;
      feed(new SlabReader(), size, frame => {
        expect(frame.equals(frames[next] ?? Buffer.alloc(0)), `frame ${next} in pieces of ${size}`).toBe(
          true,
        );
        next += 1;
      });
      expect(next).toBe(frames.length);
    }
  });

  it('stay as they are while they are lent', () => {
    const lent: { readonly frame: Buffer; readonly index: number; readonly release: () => void }[] = [];
    let next = 0;
    const giveBack = (): void => {
      const oldest = lent.shift();
      if (!oldest) return;
      const { frame, index, release } = oldest;
      expect(frame.equals(frames[index] ?? Buffer.alloc(0)), `frame ${index}`).toBe(true);
      release();
    };
    feed(new SlabReader(), 65_536, (frame, lender) => {
      lent.push({ frame, index: next, release: lender.lend() });
      next += 1;
      if (lent.length > 20 + (next % 30)) while (lent.length > 5) giveBack();
    });
    while (lent.length > 0) giveBack();
    expect(next).toBe(frames.length);
  });

  it('take no more memory for more bytes', () => {
    const reader = new SlabReader();
    const seen = new Set<ArrayBufferLike>();
    let release = (): void => undefined;
    for (let round = 0; round < 20; round += 1)
      feed(reader, 65_536, (frame, lender) => {
        seen.add(frame.buffer);
        release();
        release = lender.lend();
      });
    expect(seen.size).toBeLessThanOrEqual(3);
  });

  it('of an impossible length are refused', () => {
    const reader = new SlabReader();
    reader.room().set(uint32(0x7fff_ffff));
    expect(() => reader.take(4, () => undefined)).toThrow(/frame of 2147483647/);
  });
});
