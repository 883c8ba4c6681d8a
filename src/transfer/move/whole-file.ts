import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { toDeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawToBytes } from '../../core/raw-path.ts';
import { hashText } from '../host/hash-remote.ts';
import { type FileScriptResult, runOnFiles } from '../host/run-on-files.ts';
import { quoteRaw } from '../host/run-script.ts';
import { GrowingHash } from '../thread/hash-growing.ts';
import type { Entry } from '../tree/entry.ts';
import type { Job } from './job.ts';

/** Milliseconds between looks at how far a file is. */
const LOOK = 100;

/** A file, or the rest of one, that the system's client moves by itself: its bytes do not come through this process. */
export interface WholeFile {
  readonly job: Job;
  readonly entry: Entry;
  /** Bytes that are there already, and equal. */
  readonly offset: number;
  /** Bytes that have arrived just now. */
  readonly count: (bytes: number) => void;
}

/**
 * Appends what is missing to a part of this machine that is `offset` bytes long; gives the SHA-256 of all of it.
 * Undefined: it cannot be done so, or was not: the part is as it was, and may be fetched in another way. Throws when
 * the connection is lost (what has come stays) or the task ends.
 */
export async function fetchWhole(
  one: WholeFile,
  source: RawPath,
  part: RawPath,
): Promise<string | undefined> {
  const { job, entry, offset } = one;
  const connection = await job.connectionForWhole(entry);
  if (connection === null) return undefined;
  const flags = constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);
  await using file = await open(rawToBytes(part), flags);
  using hash = new GrowingHash(part);
  const from = offset === 0 ? 'cat' : `tail -c +${offset + 1}`;
  const isWhole = await watched(one, {
    run: signal => runOnFiles(connection, `${from} < ${quoteRaw(source)}`, { signal, stdout: file.fd }),
    look: async () => {
      const { size } = await file.stat();
      await hash.isThere(Math.min(size, entry.size));
      return size;
    },
  });
  if (isWhole !== undefined) return await hash.end();
  await file.truncate(offset);
  return undefined;
}

/**
 * Puts what is missing into a part on the host of which `offset` bytes are there; gives the SHA-256 that the part has
 * there. `` = it cannot be equal: the file has grown meanwhile. Undefined as of `fetchWhole`. `file` is not used otherwise.
 */
export async function sendWhole(
  one: WholeFile,
  file: FileHandle,
  part: RawPath,
): Promise<string | undefined> {
  const { job, entry, offset } = one;
  const connection = await job.connectionForWhole(entry);
  if (connection === null || !(await standsAt(file, offset))) return undefined;
  const signalled = { result: null as FileScriptResult | null };
  const isWhole = await watched(one, {
    run: async signal => {
      signalled.result = await runOnFiles(connection, sendText(job, part, offset), {
        signal,
        stdin: file.fd,
      });
      return signalled.result;
    },
    look: async () => await positionOf(file),
  });
  if (isWhole === undefined) return (await file.stat()).size > entry.size ? '' : undefined;
  const [size, hash] = (signalled.result?.stdout ?? '').trim().split(/\s+/);
  return Number(size) === entry.size && hash !== undefined && /^[0-9a-f]{64}$/.test(hash) ? hash : '';
}

/** Writes stdin from `offset` on, brings it to the disk, and prints how long the part is and its hash. */
function sendText({ capabilities }: Job, path: RawPath, offset: number): string {
  const part = quoteRaw(path);
  // each writer keeps a place of its own: one that is left of an attempt before this one writes what is there already
  const write =
    offset === 0
      ? `cat > ${part}`
      : `dd if=/dev/null of=${part} bs=1 seek=${offset} && { dd if=/dev/null bs=1 seek=${offset} && cat; } 1<> ${part}`;
  const sync = capabilities.syncs ? `sync -- ${part}` : ':';
  return `umask 077; ${write} && ${sync} && wc -c < ${part} && ${hashText(capabilities.hash, path)}`;
}

interface Watched {
  readonly run: (signal: AbortSignal) => Promise<FileScriptResult | null>;
  /** How far the file is, counted from its beginning. */
  readonly look: () => Promise<number>;
}

/** Counts while it runs. Undefined: it was not done, nothing counts, and nothing is written any more. */
async function watched(
  { job, entry, offset, count }: WholeFile,
  { run, look }: Watched,
): Promise<true | undefined> {
  const over = new AbortController();
  const tooMuch = new AbortController();
  let at = offset;
  const tell = async (): Promise<void> => {
    const now = await look();
    if (now > entry.size) tooMuch.abort();
    const known = Math.min(now, entry.size);
    count(known - at);
    at = known;
  };
  const running = run(AbortSignal.any([job.signal, tooMuch.signal])).finally(() => over.abort());
  running.catch(() => undefined);
  try {
    while (!over.signal.aborted) {
      await job.options.clock.sleep(LOOK, over.signal).catch(() => undefined);
      await tell();
    }
    const result = await running;
    await tell();
    if (result?.isDone === true && at === entry.size && !tooMuch.signal.aborted) return true;
  } catch (error) {
    tooMuch.abort();
    await running.catch(() => undefined);
    await job.closeBulk();
    if (job.signal.aborted || toDeckhandError(error).code.startsWith('ssh.')) throw error;
  }
  await job.closeBulk();
  count(offset - at);
  return undefined;
}

/** Sets where a file that was just opened is read from. False: that cannot be done, or not be known. */
async function standsAt(file: FileHandle, offset: number): Promise<boolean> {
  try {
    if (offset > 0) await seek(file, offset);
    return (await positionOf(file)) === offset;
  } catch {
    return false;
  }
}

/** This runtime has no call for it; `dd` moves the place that its input shares with ours. */
async function seek(file: FileHandle, offset: number): Promise<void> {
  const child = spawn('dd', ['bs=1', `skip=${offset}`, 'count=0'], { stdio: [file.fd, 'ignore', 'ignore'] });
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

/** Where whoever holds this file reads next; throws where the system does not say. */
async function positionOf(file: FileHandle): Promise<number> {
  const text = await readFile(`/proc/self/fdinfo/${file.fd}`, 'latin1');
  const found = /^pos:\s*(\d+)$/m.exec(text)?.[1];
  if (found === undefined) throw new Error('The position of a file is not known.');
  return Number(found);
}
