import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { OutputPiece } from '../../core/task-event.ts';

/** How the frames of a row are kept. */
export type Packing = 'plain' | 'zstd';

const STREAMS = ['stdout', 'stderr'] as const;
/** stream (1 byte), at (8), length (4), then the bytes. */
const HEAD = 13;
/** Below this many bytes packing gains nothing. */
const WORTH_PACKING = 256;
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Pieces as bytes. At most 64 KiB at a time come here: packing takes a fraction of a millisecond. */
export function packPieces(pieces: readonly OutputPiece[]): { packing: Packing; frames: Uint8Array } {
  const frames = Buffer.alloc(pieces.reduce((sum, piece) => sum + HEAD + piece.bytes.length, 0));
  let offset = 0;
  for (const { stream, at, bytes } of pieces) {
    frames.writeUInt8(STREAMS.indexOf(stream), offset);
    frames.writeBigUInt64LE(BigInt(at), offset + 1);
    frames.writeUInt32LE(bytes.length, offset + 9);
    frames.set(bytes, offset + HEAD);
    offset += HEAD + bytes.length;
  }
  if (frames.length < WORTH_PACKING) return { packing: 'plain', frames };
  const packed = zstdCompressSync(frames, FAST);
  return packed.length < frames.length ? { packing: 'zstd', frames: packed } : { packing: 'plain', frames };
}

export function unpackPieces(packing: Packing, frames: Uint8Array): readonly OutputPiece[] {
  const plain = Buffer.from(packing === 'zstd' ? zstdDecompressSync(frames) : frames);
  const pieces: OutputPiece[] = [];
  for (let offset = 0; offset < plain.length; ) {
    const start = offset + HEAD;
    const end = start + plain.readUInt32LE(offset + 9);
    const stream = STREAMS[plain.readUInt8(offset)] ?? 'stdout';
    const at = Number(plain.readBigUInt64LE(offset + 1));
    pieces.push({ stream, at, bytes: new Uint8Array(plain.subarray(start, end)) });
    offset = end;
  }
  return pieces;
}
