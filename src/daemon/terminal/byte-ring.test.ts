import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteRing } from './byte-ring.ts';

describe('the ring', () => {
  it('gives of any stream the last bytes, wherever one goes on', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 32 }),
        fc.nat(60),
        (pieces, limit, most) => {
          const ring = new ByteRing(limit);
          for (const piece of pieces) ring.add(piece);
          const whole = Buffer.concat(pieces);
          expect(ring.total).toBe(whole.length);
          expect(ring.start).toBe(Math.max(0, whole.length - limit));
          for (let from = ring.start; from <= ring.total; from += 1)
            expect(Buffer.from(ring.read(from, most))).toEqual(whole.subarray(from, from + most));
        },
      ),
    );
  });

  it('leads whoever saw too little to a place where no character and no sequence is cut', () => {
    const ring = new ByteRing(12);
    ring.add(Buffer.from('gone\x1b[31mred\nnext line'));
    // `d\nnext line` is here, with an `e` before it
    expect(Buffer.from(ring.read(ring.placeFor(0), 99)).toString()).toBe('next line');
    expect(ring.placeFor(ring.total)).toBe(ring.total);
    expect(ring.placeFor(ring.total - 3)).toBe(ring.total - 3);
    // more than there ever was: a daemon that was begun anew
    expect(ring.placeFor(ring.total + 1)).toBe(ring.placeFor(0));
    const colours = new ByteRing(8);
    colours.add(Buffer.from('12345;31mx\x1b[0my'));
    expect(Buffer.from(colours.read(colours.placeFor(0), 99)).toString()).toBe('\x1b[0my');
  });
});
