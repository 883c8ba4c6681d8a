import type { FileHandle } from 'node:fs/promises';

/** Bytes in order, read into memory of the reader. */
export interface ByteSource {
  /** Fills some of `target` from its start; resolves with the bytes given, 0 at the end. */
  read(target: Uint8Array): Promise<number>;
}

/** A range of an open local file; to its end where `length` is absent. */
export function fileSource(
  file: FileHandle,
  {
    offset = 0,
    length = Number.POSITIVE_INFINITY,
  }: { readonly offset?: number; readonly length?: number } = {},
): ByteSource {
  let position = offset;
  const end = offset + length;
  return {
    read: async target => {
      const wanted = Math.min(target.length, end - position);
      if (wanted <= 0) return 0;
      const { bytesRead } = await file.read(target, 0, wanted, position);
      position += bytesRead;
      return bytesRead;
    },
  };
}

/** Anything that gives pieces of bytes: an array, a stream, a generator. */
export function iterableSource(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): ByteSource {
  const iterator =
    Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  let rest = new Uint8Array(0);
  return {
    read: async target => {
      while (rest.length === 0) {
        const next = await iterator.next();
        if (next.done === true) return 0;
        rest = next.value as Uint8Array<ArrayBuffer>;
      }
      const taken = Math.min(rest.length, target.length);
      target.set(rest.subarray(0, taken));
      rest = rest.subarray(taken);
      return taken;
    },
  };
}
