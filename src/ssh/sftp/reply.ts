import { decodeAttributes, type FileAttributes } from './attributes.ts';
import { LARGEST_HANDLE, REPLY } from './protocol-numbers.ts';
import { protocolError, WireReader } from './wire.ts';

export interface NameEntry {
  readonly name: Buffer;
  /** `ls -l` as the server prints it; not to be parsed. */
  readonly longName: Buffer;
  readonly attributes: FileAttributes;
}

export type Reply =
  | { readonly type: 'version'; readonly version: number; readonly extensions: ReadonlyMap<string, string> }
  | { readonly type: 'status'; readonly code: number; readonly message: Buffer }
  | { readonly type: 'handle'; readonly handle: Buffer }
  | { readonly type: 'data'; readonly pieces: readonly Buffer[]; readonly length: number }
  | { readonly type: 'name'; readonly entries: readonly NameEntry[] }
  | { readonly type: 'attributes'; readonly attributes: FileAttributes }
  | { readonly type: 'extended'; readonly body: Buffer };

export type ReplyType = Reply['type'];

/** Bytes of a packet's head: type and id; with the length of its data, 9. */
const HEAD = 5;
const DATA_HEAD = 9;
/** Extensions taken from a server's greeting; OpenSSH names about a dozen. */
const MOST_EXTENSIONS = 256;

/** A packet as a typed reply and the id it answers (0 for the greeting). Throws `transfer.protocol`. */
export function decodeReply(pieces: Buffer[]): { readonly id: number; readonly reply: Reply } {
  const type = pieces[0]?.[0];
  if (type === REPLY.data) return decodeData(pieces);
  const packet = join(pieces);
  const reader = new WireReader(packet, 1);
  if (type === REPLY.version) return { id: 0, reply: decodeVersion(reader) };
  const id = reader.uint32();
  return { id, reply: decodeBody(type ?? 0, reader, packet) };
}

function decodeBody(type: number, reader: WireReader, packet: Buffer): Reply {
  switch (type) {
    case REPLY.status:
      return decodeStatus(reader);
    case REPLY.handle:
      return { type: 'handle', handle: decodeHandle(reader) };
    case REPLY.name:
      return { type: 'name', entries: decodeNames(reader) };
    case REPLY.attributes:
      return { type: 'attributes', attributes: decodeAttributes(reader) };
    case REPLY.extended:
      return { type: 'extended', body: packet.subarray(HEAD) };
    default:
      throw protocolError(`a packet of the unknown type ${type}`);
  }
}

function decodeStatus(reader: WireReader): Reply {
  const code = reader.uint32();
  // Old servers leave the message out.
  const message = reader.remaining >= 4 ? reader.string() : Buffer.alloc(0);
  return { type: 'status', code, message };
}

function decodeHandle(reader: WireReader): Buffer {
  const handle = reader.string();
  if (handle.length > LARGEST_HANDLE) throw protocolError(`a handle of ${handle.length} bytes`);
  // A copy: a handle lives long, and a view would keep the whole packet.
  return Buffer.from(handle);
}

function decodeNames(reader: WireReader): NameEntry[] {
  const entries: NameEntry[] = [];
  for (let left = reader.count(12); left > 0; left -= 1) {
    const name = reader.string();
    const longName = reader.string();
    entries.push({ name, longName, attributes: decodeAttributes(reader) });
  }
  return entries;
}

function decodeVersion(reader: WireReader): Reply {
  const version = reader.uint32();
  const extensions = new Map<string, string>();
  while (reader.remaining > 0) {
    const name = reader.string().toString('latin1');
    extensions.set(name, reader.string().toString('latin1'));
    if (extensions.size > MOST_EXTENSIONS) throw protocolError('a greeting with hundreds of extensions');
  }
  return { type: 'version', version, extensions };
}

/** The data stays in the pieces it arrived in. */
function decodeData(pieces: Buffer[]): { readonly id: number; readonly reply: Reply } {
  let [head] = pieces;
  let rest = pieces.slice(1);
  if (head === undefined || head.length < DATA_HEAD) {
    head = join(pieces);
    rest = [];
  }
  const reader = new WireReader(head, 1);
  const id = reader.uint32();
  const length = reader.uint32();
  const first = head.subarray(DATA_HEAD);
  const data = first.length > 0 ? [first, ...rest] : rest;
  const there = data.reduce((sum, piece) => sum + piece.length, 0);
  if (there !== length) throw protocolError(`${there} bytes of data where ${length} were announced`);
  return { id, reply: { type: 'data', pieces: data, length } };
}

function join(pieces: Buffer[]): Buffer {
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}
