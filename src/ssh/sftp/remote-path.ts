import { DeckhandError } from '../../core/deckhand-error.ts';
import { showBytes } from '../../core/untrusted.ts';

/** A path or name on a host as the bytes it is: it may hold newlines and need not be UTF-8. */
export type RemotePath = Uint8Array;

const SLASH = 0x2f;

/** A text is taken as UTF-8. Error `input.invalid` for an empty path or one with a NUL byte. */
export function toRemotePath(path: string | RemotePath): RemotePath {
  const bytes = typeof path === 'string' ? Buffer.from(path, 'utf8') : path;
  if (bytes.length === 0) throw new DeckhandError('input.invalid', 'A path on the host is empty.');
  if (bytes.includes(0)) {
    const message = `The path ${showPath(bytes)} has a NUL byte, which no path may have.`;
    throw new DeckhandError('input.invalid', message);
  }
  return bytes;
}

/** For people only: UTF-8 with replacement characters and without control characters, at most 500 characters. */
export function showPath(path: RemotePath): string {
  const shown = showBytes(path).replaceAll(/[\n\t]/g, '\ufffd');
  return shown.length > 500 ? `${shown.slice(0, 500)}…` : shown;
}

/** A text that stands for exactly these bytes: a key of a Map, a field of a record. */
export function pathKey(path: RemotePath): string {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString('latin1');
}
export function pathOfKey(key: string): RemotePath {
  return Buffer.from(key, 'latin1');
}

export function joinRemotePath(folder: RemotePath, name: RemotePath): RemotePath {
  if (folder.length === 0) return name;
  const separator = folder.at(-1) === SLASH ? [] : [Uint8Array.of(SLASH)];
  return Buffer.concat([folder, ...separator, name]);
}

/** The folder a path lies in: `/` for `/a`, `.` for `a`. */
export function parentOf(path: RemotePath): RemotePath {
  let end = path.length;
  while (end > 1 && path[end - 1] === SLASH) end -= 1;
  let cut = path.lastIndexOf(SLASH, end - 1);
  if (cut < 0) return Uint8Array.of(0x2e);
  while (cut > 0 && path[cut - 1] === SLASH) cut -= 1;
  return path.subarray(0, Math.max(1, cut));
}

/** Can this be one name inside a folder? An honest server never lists another. */
export function isPlainName(name: RemotePath): boolean {
  return name.length > 0 && !name.includes(SLASH) && !name.includes(0);
}

/** `.` and `..`, which every listing has. */
export function isDotName(name: RemotePath): boolean {
  return name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
}
