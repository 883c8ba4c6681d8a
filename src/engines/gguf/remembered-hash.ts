import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { z } from '../../core/schema.ts';
import { hashOf } from '../bundle/hash-of.ts';

/** Milliseconds: a file that changed less long ago may change again without its time telling. */
const TOO_FRESH = 2_000;

const noteSchema = z.object({
  path: z.string(),
  /** What the file was when it was read: a change of its bytes changes one of them. */
  seen: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export interface HashWish {
  /** Absolute. */
  readonly path: string;
  /** Absolute; made where it is missing. */
  readonly cacheFolder: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly signal: AbortSignal;
}

/**
 * SHA-256 of a large file here. The file is read once; afterwards its hash is taken from the cache while device, inode,
 * length and both times are as they were. A cache that cannot be read or written costs time only.
 */
export async function rememberedHash({ path, cacheFolder, clock, signal }: HashWish): Promise<string> {
  const folder = join(cacheFolder, 'hashes');
  const file = join(folder, `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.json`);
  const before = await seenOf(path);
  const note = await readNote(file);
  if (note?.path === path && note.seen === before.seen) return note.sha256;
  const sha256 = await hashOf(path, signal);
  const after = await seenOf(path);
  if (after.seen === before.seen && clock.now() - after.changedAt > TOO_FRESH)
    await keepNote(folder, file, { path, seen: after.seen, sha256 }).catch(() => undefined);
  return sha256;
}

async function seenOf(path: string): Promise<{ readonly seen: string; readonly changedAt: number }> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const latest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  return { seen: [dev, ino, size, mtimeNs, ctimeNs].join(' '), changedAt: Number(latest / 1_000_000n) };
}

async function readNote(file: string): Promise<z.infer<typeof noteSchema> | null> {
  try {
    return noteSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}

/** Whole or not at all: another deployment may write it at the same time. */
async function keepNote(folder: string, file: string, note: z.infer<typeof noteSchema>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = `${file}.${process.pid}.${Math.trunc(performance.now() * 1000)}.new`;
  await writeFile(part, JSON.stringify(note), { mode: 0o600 });
  await rename(part, file);
}
