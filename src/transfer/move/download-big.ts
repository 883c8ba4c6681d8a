import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawToBytes, showRaw } from '../../core/raw-path.ts';
import { hashRemoteFile } from '../host/hash-remote.ts';
import { quoteRaw } from '../host/run-script.ts';
import { readListing } from '../host/list-remote.ts';
import type { SftpClient } from '../../ssh/sftp/sftp-client.ts';
import { readRange } from '../../ssh/sftp/read-range.ts';
import { type Entry, isSparse, join } from '../tree/entry.ts';
import { type Job, partName } from './job.ts';
import { changed } from './read-source.ts';
import { runChecked } from './remote-commands.ts';
import { isZero } from './sparse.ts';
import { hashLocal } from '../thread/hash-file.ts';
import { fetchWhole } from './whole-file.ts';

/** Bytes from which a part that is there is worth comparing. */
const WORTH = 256 * 1024;

export interface BigDownload {
  readonly job: Job;
  /** On the host. */
  readonly source: RawPath;
  readonly entry: Entry;
  /** The staging folder here. */
  readonly stage: RawPath;
}

/** One large file into a part that a later claim can go on with; returns it whole and compared by hash. */
export async function downloadBig(one: BigDownload): Promise<RawPath> {
  const { job, entry } = one;
  let wanted = entry;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { part, counted, isEqual } = await new BigDownloading({ ...one, entry: wanted }).run();
    if (isEqual) return part;
    job.arrived(-counted, entry.path);
    await job.closeBulk();
    const now = await lookAt(one);
    if (now?.type !== 'file') break;
    if (now.size === wanted.size && now.mtime === wanted.mtime && attempt > 0)
      throw new DeckhandError(
        'transfer.checksum',
        `${showRaw(entry.path)}: what arrived is not what is on ${job.hostName}.`,
      );
    wanted = now;
  }
  throw changed(entry.path);
}

async function lookAt({ job, source, entry }: BigDownload): Promise<Entry | undefined> {
  let found: Entry | undefined;
  const follow = job.options.followLinks || entry.path === '';
  const listing = { root: source, depth: 0 as const, follow, signal: job.signal };
  await readListing(job.connection, listing, one => {
    found ??= { ...one, path: entry.path };
  });
  return found;
}

class BigDownloading {
  readonly #one: BigDownload;
  readonly #part: RawPath;
  #counted = 0;

  constructor(one: BigDownload) {
    this.#one = one;
    this.#part = join(one.stage, partName(one.entry.path));
  }

  async run(): Promise<{ readonly part: RawPath; readonly counted: number; readonly isEqual: boolean }> {
    const { job, source, entry } = this.#one;
    const { hash } = job.capabilities;
    const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
    await using file = await open(rawToBytes(this.#part), flags, 0o600);
    const offset = await this.#resumeAt(file);
    await file.truncate(offset);
    this.#count(offset);
    // the host reads it twice, the second time from memory
    const there = hashRemoteFile(job.connection, hash, { path: source }, job.signal);
    there.catch(() => undefined);
    const count = (bytes: number): void => this.#count(bytes);
    const whole = await fetchWhole({ job, entry, offset, count }, source, this.#part);
    if (whole === undefined) {
      const sftp = await job.sftpFor(entry.size);
      if (sftp === null) await this.#byShell(file, offset);
      else await this.#bySftp(sftp, file, offset);
    }
    if (isSparse(entry)) await file.truncate(entry.size);
    job.signal.throwIfAborted();
    await file.datasync();
    job.counts.bytes += this.#counted - offset;
    const [mine, wanted] = await Promise.all([whole ?? hashLocal(this.#part), there]);
    if (hash !== '' && wanted !== undefined && mine === wanted) job.counts.verified += 1;
    const isEqual = hash === '' ? this.#counted === entry.size : mine !== undefined && mine === wanted;
    return { part: this.#part, counted: this.#counted, isEqual };
  }

  #count(bytes: number): void {
    this.#counted += bytes;
    this.#one.job.arrived(bytes, this.#one.entry.path);
  }

  async #resumeAt(file: FileHandle): Promise<number> {
    const { job, source, entry } = this.#one;
    const length = Math.min((await file.stat()).size, entry.size);
    if (length < WORTH) return 0;
    const [here, there] = await Promise.all([
      hashLocal(this.#part, length),
      hashRemoteFile(job.connection, job.capabilities.hash, { path: source, length }, job.signal),
    ]);
    return here !== undefined && here === there ? length : 0;
  }

  async #bySftp(sftp: SftpClient, file: FileHandle, offset: number): Promise<void> {
    const { job, source, entry } = this.#one;
    const { signal } = job;
    await using handle = await sftp.open(rawToBytes(source), { read: true, signal });
    const length = entry.size - offset;
    for await (const { position, pieces, length: bytes } of readRange(sftp, handle, {
      signal,
      offset,
      length,
    })) {
      await job.rate.take(bytes, signal);
      const skip = isSparse(entry) && pieces.every(isZeroPiece);
      if (!skip) await writeAll(file, pieces, position);
      this.#count(bytes);
    }
  }

  async #byShell(file: FileHandle, offset: number): Promise<void> {
    const { job, source, entry } = this.#one;
    let position = offset;
    const { signal } = job;
    const take = async (bytes: Uint8Array): Promise<void> => {
      if (position + bytes.length > entry.size) throw changed(entry.path);
      await job.rate.take(bytes.length, signal);
      if (!(isSparse(entry) && isZeroPiece(bytes))) await writeAll(file, [bytes], position);
      position += bytes.length;
      this.#count(bytes.length);
    };
    const text = `tail -c +${offset + 1} ${quoteRaw(source)}`;
    await runChecked(job, `reading ${showRaw(entry.path)}`, text, { onOutput: take });
  }
}

function isZeroPiece(piece: Uint8Array): boolean {
  for (let at = 0; at < piece.length; at += WORTH) if (!isZero(piece.subarray(at, at + WORTH))) return false;
  return true;
}

/** One call of the system may write less than all. */
async function writeAll(file: FileHandle, pieces: readonly Uint8Array[], position: number): Promise<void> {
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const { bytesWritten } = await file.writev([...pieces], position);
  if (bytesWritten === total) return;
  const rest = Buffer.concat(pieces).subarray(bytesWritten);
  if (bytesWritten === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  await writeAll(file, [rest], position + bytesWritten);
}
