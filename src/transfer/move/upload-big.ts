import type { FileHandle } from 'node:fs/promises';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawToBytes, showRaw } from '../../core/raw-path.ts';
import { hashRemoteFile } from '../host/hash-remote.ts';
import { quoteRaw, runScript } from '../host/run-script.ts';
import { scriptError } from '../host/script-error.ts';
import type { ByteSource } from '../../ssh/sftp/byte-source.ts';
import type { SftpClient } from '../../ssh/sftp/sftp-client.ts';
import { writeRange } from '../../ssh/sftp/write-range.ts';
import { type Entry, isSparse, join } from '../tree/entry.ts';
import { localEntry, openToRead } from '../tree/local-tree.ts';
import { isWorthComparing } from './delta-blocks.ts';
import { uploadDelta } from './delta-upload.ts';
import { type Job, partName } from './job.ts';
import { changed } from './read-source.ts';
import { dataRuns, fewRuns, HOLE } from './sparse.ts';
import { attributesText, FUNCTIONS, renameText, runChecked } from './remote-commands.ts';
import { hashLocal } from '../thread/hash-file.ts';
import { sendWhole } from './whole-file.ts';

const PIECE = 256 * 1024;

export interface BigUpload {
  readonly job: Job;
  /** On this machine. */
  readonly source: RawPath;
  readonly entry: Entry;
  /** The staging folder. */
  readonly stage: RawPath;
  /** The file's name in it, once it is whole. */
  readonly staged: RawPath;
  readonly owners: boolean;
  /** Absolute, on the host. */
  readonly target: RawPath;
  readonly existing: Entry | null;
}

/**
 * One large file: into a part that a later claim can go on with, compared by hash, then under its staged name;
 * true: the target itself was changed instead. Where a file is there already, only what differs travels.
 */
export async function uploadBig(one: BigUpload): Promise<boolean> {
  const { job, source, entry } = one;
  const follow = job.options.followLinks || entry.path === '';
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const before = attempt === 0 ? entry : localEntry(entry.path, source, follow);
    if (before?.type !== 'file') break;
    const isDelta = job.capabilities.python && isWorthComparing(before, one.existing);
    const sending = new BigUploading({ ...one, entry: before });
    const sent = await (isDelta ? sending.runDelta(follow) : sending.run(follow)).catch((error: unknown) => {
      if (isDelta && attempt === 0 && toDeckhandError(error).code === 'transfer.changed') return null;
      throw error;
    });
    if (sent === null) continue;
    const after = localEntry(entry.path, source, follow);
    if (after?.size === before.size && after.mtime === before.mtime) {
      await sent.finish();
      return isDelta && job.options.inplace;
    }
    job.arrived(-sent.counted, entry.path);
  }
  throw changed(entry.path);
}

class BigUploading {
  readonly #one: BigUpload;
  readonly #part: RawPath;
  #counted = 0;

  constructor(one: BigUpload) {
    this.#one = one;
    this.#part = join(one.stage, partName(one.entry.path));
  }

  async run(follow: boolean): Promise<{ readonly counted: number; finish: () => Promise<void> }> {
    const { job, source, entry } = this.#one;
    await using file = await openToRead(source, follow);
    const found = await this.#resumeAt();
    this.#count(found);
    const whole = await this.#bySystem(file, found);
    if (whole !== undefined) return whole;
    const sftp = await job.sftpFor(entry.size);
    // without SFTP holes are left out block by block
    const offset = sftp === null && isSparse(entry) ? found - (found % HOLE) : found;
    this.#count(offset - found);
    // read by another thread while the bytes travel: most of it comes from memory
    const hash = hashLocal(source, entry.size);
    const sent = sftp === null ? await this.#byShell(file, offset) : await this.#bySftp(sftp, file, offset);
    const isWhole = offset + sent === entry.size;
    if (!isWhole) throw changed(entry.path);
    job.counts.bytes += sent;
    return { counted: this.#counted, finish: async () => await this.#finish(await hash) };
  }

  /** By the system's client, where that can be. */
  async #bySystem(
    file: FileHandle,
    offset: number,
  ): Promise<{ readonly counted: number; finish: () => Promise<void> } | undefined> {
    const { job, source, entry } = this.#one;
    const count = (bytes: number): void => this.#count(bytes);
    if ((await job.connectionForWhole(entry)) === null) return undefined;
    const hash = hashLocal(source, entry.size);
    hash.catch(() => undefined);
    const there = await sendWhole({ job, entry, offset, count }, file, this.#part);
    if (there === undefined) return undefined;
    job.counts.bytes += entry.size - offset;
    return { counted: this.#counted, finish: async () => await this.#finish(await hash, there) };
  }

  /** Undone work of a source that changed meanwhile shows at the look that follows. */
  async runDelta(follow: boolean): Promise<{ readonly counted: number; finish: () => Promise<void> }> {
    const { job, source, entry, target, stage, staged, owners } = this.#one;
    const part = job.options.inplace ? undefined : join(stage, `d-${partName(entry.path).slice(2)}`);
    const counted = await uploadDelta({ job, source, entry, follow, target, part });
    return {
      counted,
      finish: async () => {
        const attributes = this.#attributes(part ?? target, owners);
        const rename = part === undefined ? 'true' : renameText(part, staged);
        await runChecked(job, showRaw(entry.path), `${FUNCTIONS} ${attributes} && ${rename}`);
        job.counts.verified += 1;
      },
    };
  }

  #attributes(path: RawPath, owners: boolean): string {
    const { job, entry } = this.#one;
    if (job.options.preserve) return attributesText(path, entry, owners);
    return `chmod ${(entry.mode & 0o777 & ~job.capabilities.umask).toString(8)} -- ${quoteRaw(path)}`;
  }

  #count(bytes: number): void {
    this.#counted += bytes;
    this.#one.job.arrived(bytes, this.#one.entry.path);
  }

  /** How much of the part is there from an earlier claim and equal, by hash; 0 = it begins anew. */
  async #resumeAt(): Promise<number> {
    const { job, source, entry } = this.#one;
    const { stdout } = await runScript(job.connection, `wc -c < ${quoteRaw(this.#part)} 2>/dev/null`, {
      signal: job.signal,
    });
    const length = Math.min(Number(stdout.toString('latin1').trim()) || 0, entry.size);
    if (length < PIECE) return 0;
    const [here, there] = await Promise.all([
      hashLocal(source, length),
      hashRemoteFile(job.connection, job.capabilities.hash, { path: this.#part, length }, job.signal),
    ]);
    return here !== undefined && here === there ? length : 0;
  }

  async #bySftp(sftp: SftpClient, file: FileHandle, offset: number): Promise<number> {
    const { job, entry } = this.#one;
    const { signal } = job;
    const path = rawToBytes(this.#part);
    const how = { write: true, create: true, truncate: offset === 0, mode: 0o600, signal };
    await using handle = await sftp.open(path, how);
    let sent = 0;
    for await (const run of isSparse(entry)
      ? dataRuns(file, offset, entry.size)
      : [{ offset, length: entry.size - offset }]) {
      const source = this.#limited(file, run.offset, run.length);
      let seen = 0;
      const onProgress = (bytes: number): void => {
        this.#count(bytes - seen);
        seen = bytes;
      };
      sent += await writeRange(sftp, handle, source, {
        signal,
        offset: run.offset,
        expected: run.length,
        onProgress,
      });
    }
    if (isSparse(entry)) {
      await sftp.setHandleAttributes(handle, { size: entry.size }, { signal });
      this.#count(entry.size - offset - sent);
      sent = entry.size - offset;
    }
    if (sftp.session.supports('fsync@openssh.com')) await sftp.sync(handle, { signal });
    return sent;
  }

  /** The source, no faster than the limit allows. */
  #limited(file: FileHandle, offset: number, length: number): ByteSource {
    const { rate, signal } = this.#one.job;
    let position = offset;
    const end = offset + length;
    return {
      read: async target => {
        const wanted = Math.min(target.length, end - position);
        if (wanted <= 0) return 0;
        const { bytesRead } = await file.read(target, 0, wanted, position);
        position += bytesRead;
        await rate.take(bytesRead, signal);
        return bytesRead;
      },
    };
  }

  /** A plain stream into the part, for hosts without SFTP. */
  async #byShell(file: FileHandle, offset: number): Promise<number> {
    const { job, entry } = this.#one;
    if (isSparse(entry)) return await this.#runsByShell(file, offset);
    const part = quoteRaw(this.#part);
    // what is longer than the part that was compared goes first
    const cut = offset === 0 ? `: > ${part}` : `dd if=/dev/null of=${part} bs=1 seek=${offset} 2>/dev/null`;
    const script = `umask 077; ${cut} && cat >> ${part} && wc -c < ${part}`;
    const stdin = this.#pieces(file, offset, entry.size - offset);
    const { stdout } = await runChecked(job, `writing ${showRaw(entry.path)}`, script, { stdin });
    return Number(stdout.toString('latin1').trim()) - offset;
  }

  /** Each run of data into its place; what is between them is never written. */
  async #runsByShell(file: FileHandle, offset: number): Promise<number> {
    const { job, entry } = this.#one;
    const part = quoteRaw(this.#part);
    const doing = `writing ${showRaw(entry.path)}`;
    const cutAt = (size: number): string => `umask 077; dd if=/dev/null of=${part} bs=1 seek=${size}`;
    await runChecked(job, doing, cutAt(offset));
    for (const run of await fewRuns(file, offset, entry.size)) {
      const text = `dd of=${part} bs=${HOLE} seek=${run.offset / HOLE} conv=notrunc`;
      await runChecked(job, doing, text, { stdin: this.#pieces(file, run.offset, run.length) });
    }
    const { stdout } = await runChecked(job, doing, `${cutAt(entry.size)} && wc -c < ${part}`);
    const size = Number(stdout.toString('latin1').trim());
    this.#count(entry.size - this.#counted);
    return size - offset;
  }

  /** Bytes of the source for the stdin of a script; each counts when the next is asked for. */
  async *#pieces(file: FileHandle, offset: number, length: number): AsyncGenerator<Uint8Array> {
    const limited = this.#limited(file, offset, length);
    for (;;) {
      const piece = Buffer.allocUnsafeSlow(PIECE);
      const got = await limited.read(piece);
      if (got === 0) return;
      yield piece.subarray(0, got);
      this.#count(got);
    }
  }

  /** Compared, then its attributes and its staged name, in one script each. */
  async #finish(hash: string | undefined, known?: string): Promise<void> {
    const { job, entry, staged, owners } = this.#one;
    const { capabilities } = job;
    const part = quoteRaw(this.#part);
    if (capabilities.hash !== '' && hash !== undefined) {
      const length = entry.size;
      const whole = { path: this.#part, length };
      const there = known ?? (await hashRemoteFile(job.connection, capabilities.hash, whole, job.signal));
      if (there !== hash) {
        await runScript(job.connection, `rm -f -- ${part}`, { signal: job.signal });
        throw new DeckhandError(
          'transfer.checksum',
          `${showRaw(entry.path)}: what arrived on ${job.hostName} is not what was sent.`,
        );
      }
      job.counts.verified += 1;
    }
    const attributes = this.#attributes(this.#part, owners);
    const script = `${FUNCTIONS} ${attributes} && ${renameText(this.#part, staged)}`;
    const result = await runScript(job.connection, script, { signal: job.signal });
    if (result.exitCode !== 0)
      throw scriptError(job.hostName, showRaw(entry.path), result.errors, result.exitCode);
  }
}
