import {
  array,
  assert,
  constantFrom,
  integer,
  maxSafeNat,
  nat,
  property,
  record,
  uint8Array,
  type Arbitrary,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeckhandError } from '../../core/deckhand-error.ts';
import {
  decodeAttributes,
  encodeAttributes,
  type FileAttributes,
  kindOf,
  permissionsOf,
} from './attributes.ts';
import { PacketSplitter } from './packet-splitter.ts';
import { LARGEST_PACKET } from './protocol-numbers.ts';
import { decodeReply } from './reply.ts';
import { encodePacket, raw, string, uint32, uint64, WireReader } from './wire.ts';

const uint = integer({ min: 0, max: 0xffffffff });
const attributes = record(
  {
    size: maxSafeNat(),
    owner: record({ user: uint, group: uint }),
    mode: uint,
    times: record({ access: uint, modification: uint }),
  },
  { requiredKeys: [] },
) as Arbitrary<FileAttributes>;

/** A packet as the splitter gives it: without its length. */
const bodyOf = (type: number, id: number, ...fields: Parameters<typeof encodePacket>[2]): Buffer =>
  encodePacket(type, id, fields).subarray(4);

/** Cuts bytes at the given places. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const borders = [
    0,
    ...places.map(place => place % (bytes.length + 1)).toSorted((a, b) => a - b),
    bytes.length,
  ];
  return borders.slice(1).map((end, index) => bytes.subarray(borders[index] ?? 0, end));
}

describe('fields', () => {
  it('come back as they were sent', () => {
    assert(
      property(uint, maxSafeNat(), uint8Array({ maxLength: 300 }), (small, large, bytes) => {
        const reader = new WireReader(
          bodyOf(1, 2, uint32(small), uint64(large), string(bytes), raw(bytes)),
          5,
        );
        expect(reader.uint32()).toBe(small);
        expect(Number(reader.uint64())).toBe(large);
        expect([...reader.string()]).toEqual([...bytes]);
        expect(reader.remaining).toBe(bytes.length);
      }),
    );
  });

  it('attributes come back as they were sent, extended ones are read over', () => {
    assert(
      property(attributes, wanted => {
        const packet = bodyOf(1, 2, ...encodeAttributes(wanted), string('rest'));
        const reader = new WireReader(packet, 5);
        expect(decodeAttributes(reader)).toEqual(wanted);
        expect(reader.string().toString()).toBe('rest');
      }),
    );
    const extended = bodyOf(1, 2, uint32(0x80000004), uint32(0o100644), uint32(1), string('a'), string('b'));
    expect(decodeAttributes(new WireReader(extended, 5))).toEqual({ mode: 0o100644 });
  });

  it('modes are told apart', () => {
    expect(kindOf({ mode: 0o120777 })).toBe('symlink');
    expect(kindOf({ mode: 0o10644 })).toBe('fifo');
    expect(kindOf({})).toBe('unknown');
    expect(permissionsOf({ mode: 0o104755 })).toBe(0o4755);
  });
});

describe('the splitter', () => {
  it('gives the same packets however the bytes arrive', () => {
    const packets = array(uint8Array({ minLength: 1, maxLength: 2_000 }), {
      minLength: 1,
      maxLength: 6,
    });
    assert(
      property(packets, array(nat(), { maxLength: 200 }), (bodies, places) => {
        const stream = Buffer.concat(bodies.flatMap(body => [lengthOf(body.length), body]));
        const seen: Buffer[] = [];
        const splitter = new PacketSplitter(pieces => seen.push(Buffer.concat(pieces)));
        for (const piece of cutAt(stream, places)) splitter.add(piece);
        expect(seen.map(body => [...body])).toEqual(bodies.map(body => [...body]));
        expect(splitter.isEmpty).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses wrong lengths at once, naming text that is no SFTP', () => {
    for (const length of [0, LARGEST_PACKET + 1, 0xffffffff]) {
      const splitter = new PacketSplitter(() => undefined);
      expect(() => splitter.add(lengthOf(length))).toThrow(/packet of \d+ bytes/);
    }
    const splitter = new PacketSplitter(() => undefined);
    expect(() => splitter.add(Buffer.from('Welcome to this host'))).toThrow('"Welc"');
  });

  it('keeps few objects of a server that sends byte by byte', () => {
    const body = Buffer.alloc(100_000, 7);
    const seen: Buffer[][] = [];
    const splitter = new PacketSplitter(pieces => seen.push(pieces));
    for (const byte of Buffer.concat([lengthOf(body.length), body])) splitter.add(Buffer.of(byte));
    expect(seen.length).toBe(1);
    expect(seen[0]?.length).toBeLessThan(70);
    expect(Buffer.concat(seen[0] ?? []).equals(body)).toBe(true);
  });
});

describe('replies', () => {
  it('data keeps its pieces', () => {
    const packet = bodyOf(103, 9, string(Buffer.from('abcdef')));
    const { id, reply } = decodeReply([packet.subarray(0, 11), packet.subarray(11)]);
    expect(id).toBe(9);
    expect(reply).toEqual({ type: 'data', length: 6, pieces: [Buffer.from('ab'), Buffer.from('cdef')] });
  });

  it('a status needs no message', () => {
    const { reply } = decodeReply([bodyOf(101, 3, uint32(4))]);
    expect(reply).toEqual({ type: 'status', code: 4, message: Buffer.alloc(0) });
  });

  it('any bytes give a reply or transfer.protocol, nothing else', () => {
    const type = constantFrom(2, 101, 102, 103, 104, 105, 201, 0, 99, 255);
    assert(
      property(
        type,
        uint8Array({ maxLength: 400 }),
        array(nat(), { maxLength: 3 }),
        (first, rest, places) => {
          const pieces = cutAt(Buffer.concat([Buffer.of(first), rest]), places).filter(
            piece => piece.length > 0,
          );
          try {
            decodeReply(pieces);
          } catch (error) {
            expect(error).toBeInstanceOf(DeckhandError);
            expect((error as DeckhandError).code).toBe('transfer.protocol');
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('counts that cannot be are refused before anything is made for them', () => {
    const names = bodyOf(104, 1, uint32(0xffffffff), string('a'), string('b'), uint32(0));
    expect(() => decodeReply([names])).toThrow('announced 4294967295 items');
    const extended = bodyOf(105, 1, uint32(0x80000000), uint32(0x7fffffff));
    expect(() => decodeReply([extended])).toThrow('announced');
    expect(() => decodeReply([bodyOf(102, 1, string(Buffer.alloc(257)))])).toThrow('a handle of 257 bytes');
  });
});

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}
