import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from '../../core/schema.ts';
import type { BothMarks } from '../both-trees.ts';
import type { TransferRequest } from '../transfer-request.ts';

/** Changes with what digests are made of. */
const VERSION = 1;
/** Digits of the key that a file is called by: so many files there are at most (four hexadecimal digits), each below 1 KiB. */
const DIGITS = 3;
/**
 * Milliseconds. What changed later than this before it was looked at may change again and keep its times: a file system
 * counts them in steps.
 */
const SETTLED = 2000;

const recordSchema = z.strictObject({
  key: z.string(),
  local: z.string().min(1),
  remote: z.string().min(1),
  unchanged: z.number().int().nonnegative(),
  totalBytes: z.number().nonnegative(),
});

/** Digests of both sides when there was nothing to do, and what was counted then. */
export type SameRecord = Omit<z.infer<typeof recordSchema>, 'key'>;

/**
 * What is remembered of a transfer that found nothing to do. The digests cover all that the comparison reads,
 * and the key all that it was asked: while both are the same, so is its answer. Other pairs may take its file:
 * then it is forgotten, and the next comparison is a whole one.
 */
export class LastSame {
  readonly #folder: string;
  readonly #key: string;
  readonly #file: string;

  private constructor(request: TransferRequest) {
    this.#folder = request.baseFolder;
    this.#key = keyOf(request);
    this.#file = join(request.baseFolder, `${this.#key.slice(0, DIGITS)}.same`);
  }

  /** Undefined where the comparison reads more than listings. */
  static of(request: TransferRequest): LastSame | undefined {
    const { direction, baseFolder, preserve, compare, links, recursive, diff, xattrs, acls } = request;
    const readsMore = compare !== 'time' || !preserve || diff === true || xattrs === true || acls === true;
    if (readsMore || direction === 'both' || links === 'follow' || !recursive || baseFolder === '')
      return undefined;
    return new LastSame(request);
  }

  /** Undefined: nothing is remembered, or not to be read. */
  async load(): Promise<SameRecord | undefined> {
    try {
      const { key, ...record } = recordSchema.parse(JSON.parse(await readFile(this.#file, 'utf8')));
      return key === this.#key ? record : undefined;
    } catch {
      return undefined;
    }
  }

  /** `begunAt`: milliseconds since the epoch, when the listings began. What cannot be remembered is not. */
  async save(
    { local, remote }: BothMarks,
    { unchanged, totalBytes }: { readonly unchanged: number; readonly totalBytes: number },
    begunAt: number,
  ): Promise<void> {
    if (local === null || remote === null || local.newest > begunAt - SETTLED) return;
    const record = { key: this.#key, local: local.digest, remote, unchanged, totalBytes };
    const part = `${this.#file}.${process.pid}.part`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(part, JSON.stringify(record), { mode: 0o600 });
      await rename(part, this.#file);
    } catch {
      // only time is lost
    }
  }
}

function keyOf(request: TransferRequest): string {
  const { connection, local, remote, direction, intoFolder, exclude, links, deleteExtra } = request;
  const { host, hostKey } = connection;
  const asked = [local, remote, direction, intoFolder, exclude, links, deleteExtra];
  const who = [host.name, host.user, hostKey.fingerprint, process.getuid?.() ?? null];
  return createHash('sha256')
    .update(JSON.stringify([VERSION, who, asked]))
    .digest('hex');
}
