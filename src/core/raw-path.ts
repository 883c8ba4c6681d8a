import { sanitiseText } from './untrusted.ts';

/**
 * A path as the bytes it is: one character per byte (latin 1), so that names which are no UTF-8 survive,
 * compare and sort exactly. Separated by `/`; a relative one never begins with it, and `` is the root itself.
 */
export type RawPath = string & { readonly rawPath?: never };

export function rawFromText(text: string): RawPath {
  return Buffer.from(text, 'utf8').toString('latin1');
}
export function rawFromBytes(bytes: Uint8Array): RawPath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
export function rawToBytes(path: RawPath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** For people: as UTF-8 where it is, made harmless for terminals. */
export function showRaw(path: RawPath): string {
  return sanitiseText(rawToBytes(path).toString('utf8'));
}
