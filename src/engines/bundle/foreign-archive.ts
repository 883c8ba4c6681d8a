import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, createZstdDecompress } from 'node:zlib';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { z } from '../../core/schema.ts';
import { rememberedHash } from '../gguf/remembered-hash.ts';
import type { EngineArchive } from './engine-archive.ts';
import { TarReader, type TarContents } from './tar-contents.ts';

export interface ForeignArchiveWish {
  /** `tar.gz` or `tar.zst`. */
  readonly path: string;
  /** In it, and started once with `--version` where it is unpacked; null: nothing is. */
  readonly program: string | null;
  /** Absolute; made where it is missing. */
  readonly cacheFolder: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly signal: AbortSignal;
  readonly onStage: (stage: string) => void;
}

const noteSchema = z.object({ bytes: z.number(), files: z.number(), found: z.array(z.string()) });

/**
 * An engine that somebody else packed. It is looked through once, and what was seen is kept in the cache. Hosts need not know
 * zstd: such an archive is packed again here, once. Throws `local.file-missing`, `bundle.invalid`.
 */
export async function foreignArchive(wish: ForeignArchiveWish): Promise<EngineArchive> {
  const { path, program, clock, signal, cacheFolder, onStage } = wish;
  const isZstd = (await packingOf(path)) === 'zstd';
  onStage('hashing the engine');
  const sha256 = await rememberedHash({ path, cacheFolder, clock, signal });
  const kept = join(cacheFolder, 'archives', sha256.slice(0, 32));
  const sent = isZstd ? `${kept}.tar.gz` : path;
  const isPacked = !isZstd || (await stat(sent).catch(() => null)) !== null;
  const known = isPacked ? await readNote(`${kept}.json`, program) : null;
  const contents = known ?? (await looked(wish, sent));
  if (known === null) await keepNote(`${kept}.json`, contents);
  if (program !== null && !contents.found.has(program)) throw invalid(path, `there is no ${program} in it`);
  return {
    path: sent,
    id: sha256.slice(0, 16),
    size: (await stat(sent)).size,
    bytes: contents.bytes,
    files: contents.files,
    version: '',
    architecture: null,
    relocation: null,
    isSealed: false,
    program,
  };
}

/** Goes through all of it. */
async function looked(
  { path, program, signal, onStage }: ForeignArchiveWish,
  sent: string,
): Promise<TarContents> {
  const reader = new TarReader(program === null ? [] : [program]);
  try {
    if (sent !== path) {
      onStage('packing the engine for hosts without zstd');
      await packedAgain(path, sent, signal);
    }
    onStage('looking through the engine');
    await pipeline(createReadStream(sent), createGunzip(), reader, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw invalid(path, `it cannot be unpacked: ${(error as Error).message}`, error);
  }
  return reader.contents;
}

/** Whole or not at all. */
async function packedAgain(from: string, to: string, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  // several deployments may pack it at once: each into a file of its own
  const part = `${to}.${randomUUID()}.new`;
  try {
    const target = createWriteStream(part, { mode: 0o600 });
    await pipeline(createReadStream(from), createZstdDecompress(), createGzip(), target, { signal });
    await rename(part, to);
  } finally {
    await rm(part, { force: true });
  }
}

async function packingOf(path: string): Promise<'gzip' | 'zstd'> {
  const bytes = await firstBytes(path).catch((error: NodeJS.ErrnoException) => {
    const text = `'${path}' cannot be read (${error.code ?? error.message}).`;
    throw new DeckhandError('local.file-missing', text, { cause: error });
  });
  if (bytes.readUInt16BE(0) === 0x1f_8b) return 'gzip';
  if (bytes.readUInt32LE(0) === 0xfd_2f_b5_28) return 'zstd';
  throw invalid(path, 'it is neither a tar.gz nor a tar.zst');
}

async function firstBytes(path: string): Promise<Buffer> {
  await using file = await open(path);
  return (await file.read(Buffer.alloc(4), 0, 4, 0)).buffer;
}

async function readNote(file: string, program: string | null): Promise<TarContents | null> {
  try {
    const note = noteSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    // it may have been looked through for something else
    const isFor = program === null || note.found.includes(program);
    return isFor ? { ...note, found: new Set(note.found) } : null;
  } catch {
    return null;
  }
}

/** A cache that cannot be written costs time only. */
async function keepNote(file: string, { found, ...contents }: TarContents): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, JSON.stringify({ ...contents, found: [...found] }), { mode: 0o600 });
  } catch {
    // the next deployment looks again
  }
}

function invalid(path: string, text: string, cause?: unknown): DeckhandError {
  return new DeckhandError('bundle.invalid', `'${path}' is no engine that can be sent: ${text}.`, {
    cause,
    hint: 'Pass an archive made by tar and gzip or zstd, as the project of the engine releases it.',
  });
}
