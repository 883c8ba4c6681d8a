import { ATTRIBUTE } from './protocol-numbers.ts';
import { type Field, raw, uint32, uint64, type WireReader } from './wire.ts';

/** What is known or set of a file; what a server does not say is absent. */
export interface FileAttributes {
  /** Bytes. Sizes above 2^53 (pseudo files) are not exact. */
  readonly size?: number;
  readonly owner?: { readonly user: number; readonly group: number };
  /** Type and permission bits, as `st_mode`. */
  readonly mode?: number;
  /** Seconds since the epoch, as the protocol carries them. */
  readonly times?: { readonly access: number; readonly modification: number };
}

export type FileKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'fifo'
  | 'socket'
  | 'character'
  | 'block'
  | 'unknown';

const KINDS: Readonly<Record<number, FileKind>> = {
  0o01: 'fifo',
  0o02: 'character',
  0o04: 'directory',
  0o06: 'block',
  0o10: 'file',
  0o12: 'symlink',
  0o14: 'socket',
};

/** `unknown` where the server gave no mode. */
export function kindOf({ mode }: FileAttributes): FileKind {
  return mode === undefined ? 'unknown' : (KINDS[mode >>> 12] ?? 'unknown');
}

/** The permission bits, with setuid, setgid and sticky. */
export function permissionsOf({ mode = 0 }: FileAttributes): number {
  return mode & 0o7777;
}

export function encodeAttributes(attributes: FileAttributes): Field[] {
  const { size, owner, mode, times } = attributes;
  let flags = 0;
  const fields: Field[] = [];
  if (size !== undefined) {
    flags |= ATTRIBUTE.size;
    fields.push(uint64(size));
  }
  if (owner !== undefined) {
    flags |= ATTRIBUTE.owner;
    fields.push(uint32(owner.user), uint32(owner.group));
  }
  if (mode !== undefined) {
    flags |= ATTRIBUTE.mode;
    fields.push(uint32(mode));
  }
  if (times !== undefined) {
    flags |= ATTRIBUTE.times;
    fields.push(uint32(clampTime(times.access)), uint32(clampTime(times.modification)));
  }
  return [uint32(flags), ...fields];
}

/** Extended attributes a server adds are read over. */
export function decodeAttributes(reader: WireReader): FileAttributes {
  const flags = reader.uint32();
  const size = flags & ATTRIBUTE.size ? { size: Number(reader.uint64()) } : {};
  const owner = flags & ATTRIBUTE.owner ? { owner: { user: reader.uint32(), group: reader.uint32() } } : {};
  const mode = flags & ATTRIBUTE.mode ? { mode: reader.uint32() } : {};
  const times =
    flags & ATTRIBUTE.times ? { times: { access: reader.uint32(), modification: reader.uint32() } } : {};
  if (flags & ATTRIBUTE.extended) {
    for (let left = reader.count(8); left > 0; left -= 1) {
      reader.string();
      reader.string();
    }
  }
  return { ...size, ...owner, ...mode, ...times };
}

/** The protocol's times are unsigned 32 bits: 1970 to 2106. */
function clampTime(seconds: number): number {
  return Math.min(0xffffffff, Math.max(0, Math.floor(seconds)));
}

export const NO_ATTRIBUTES = raw(Uint8Array.of(0, 0, 0, 0));
