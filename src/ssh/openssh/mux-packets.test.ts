import { describe, expect, it } from 'vitest';
import { controlFrame, Fields, FrameReader, lengthPrefixed, packetHead, uint32 } from './mux-packets.ts';

describe('frames', () => {
  const frames = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(300, 7), Buffer.from('last')];
  const stream = Buffer.concat(frames.map(lengthPrefixed));

  it('come out the same however the stream is cut', () => {
    for (let size = 1; size <= stream.length; size += 1) {
      const seen: Buffer[] = [];
      const reader = new FrameReader();
      for (let at = 0; at < stream.length; at += size) {
        reader.feed(stream.subarray(at, at + size), frame => seen.push(Buffer.from(frame)));
      }
      expect(Buffer.concat(seen.map(lengthPrefixed)).equals(stream), `pieces of ${size}`).toBe(true);
      expect(seen).toHaveLength(frames.length);
    }
  });

  it('of an impossible length are refused', () => {
    const feed = (): void => new FrameReader().feed(uint32(0xffff_ffff), () => undefined);
    expect(feed).toThrow(expect.objectContaining({ code: 'internal.defect' }));
  });
});

describe('fields', () => {
  it('are written and read', () => {
    const frame = Buffer.concat([packetHead(98, 0, 5), lengthPrefixed('exec'), Uint8Array.of(1)]);
    const fields = new Fields(frame.subarray(4));
    expect([fields.byte(), fields.byte(), fields.uint32(), fields.text(), fields.byte()]).toEqual([
      0,
      98,
      5,
      'exec',
      1,
    ]);
    expect(() => fields.byte()).toThrow(expect.objectContaining({ code: 'internal.defect' }));
    expect(controlFrame(1, 4)).toEqual(Buffer.from([0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 4]));
  });

  it('that claim more than there is are refused', () => {
    expect(() => new Fields(uint32(1000)).text()).toThrow(
      expect.objectContaining({ code: 'internal.defect' }),
    );
  });
});
