import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileHeaderLength, type PlainFile, writeFileHeader } from './file-header.ts';
import { encodeHeader } from './header.ts';

const plain = fc.record({
  name: fc
    .uint8Array({ minLength: 1, maxLength: 100, min: 1 })
    .map(bytes => Buffer.from(bytes).toString('latin1')),
  size: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  mtime: fc.oneof(
    fc.bigInt({ min: 10n ** 18n, max: 4_294_967_295n * 10n ** 9n }),
    fc.bigInt({ min: 10n ** 9n, max: 4_294_967_295n }).map(seconds => seconds * 10n ** 9n),
  ),
  uid: fc.integer({ min: 0, max: 8 ** 7 - 1 }),
  gid: fc.integer({ min: 0, max: 8 ** 7 - 1 }),
});

describe('a header written straight into the stream', () => {
  it('is the one that the slower way gives, byte for byte', () => {
    fc.assert(
      fc.property(plain, ({ name, ...fields }) => {
        const target = Buffer.alloc(2000, 0xff);
        const file: PlainFile = { name, ...fields };
        const length = fileHeaderLength(file);
        writeFileHeader(target, 7, file);
        const slow = encodeHeader({ path: name, type: 'file', link: null, ...fields });
        expect(target.subarray(7, 7 + length)).toEqual(slow);
        expect(target.subarray(7 + length).every(byte => byte === 0xff)).toBe(true);
      }),
    );
  });

  it('is left to the slower way where a field needs more', () => {
    const file: PlainFile = { name: 'a', size: 1, mode: 0, mtime: 10n ** 18n, uid: 0, gid: 0 };
    for (const change of [
      { name: 'x'.repeat(101) },
      { mtime: 1n },
      { mtime: -1n },
      { size: 2 ** 40 },
      { uid: 2 ** 31 },
    ])
      expect(fileHeaderLength({ ...file, ...change })).toBe(0);
    expect(fileHeaderLength(file)).toBe(512);
  });
});
