import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AuditRecord,
  BEGINNING,
  broken,
  type ChainEnd,
  ChainCheck,
  type NewAuditRecord,
  nextRecord,
  RETIRED,
} from './audit-chain.ts';
import {
  AUDIT_FILE,
  endOfFull,
  endOfLog,
  fullFiles,
  putAside,
  readHead,
  readText,
  removeFull,
  writeHead,
} from './audit-files.ts';

export type { AuditRecord, NewAuditRecord } from './audit-chain.ts';
export { AUDIT_FILE } from './audit-files.ts';

/** Records that are written together at most: one write and one `fdatasync` for all that wait. */
const BATCH = 64;
/** Bytes after which a file is full and the next one begins. */
const FULL_FILE = 8 * 1024 * 1024;

interface Waiting {
  readonly entry: NewAuditRecord;
  readonly resolve: (record: AuditRecord) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An append-only log whose lines carry the hash of the line before, through all its files. One writer: the owner of the
 * store's folder.
 */
export class AuditLog {
  readonly #folder: string;
  readonly #fullFile: number;
  readonly #waiting: Waiting[] = [];
  #last: ChainEnd | null = null;
  #isWriting = false;

  /** `fullFile`: bytes after which a new file begins. */
  constructor(folder: string, { fullFile = FULL_FILE }: { readonly fullFile?: number } = {}) {
    this.#folder = folder;
    this.#fullFile = fullFile;
  }

  /** On the disk when the promise is done. Throws `audit.broken` when the end of the log is not what was written. */
  async append(entry: NewAuditRecord): Promise<AuditRecord> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      if (!this.#isWriting) void this.#drain();
    });
  }

  /**
   * Removes full files whose last line is older. Before one goes a line says so, with its last number and hash: the
   * rest is a chain still. Gives how many files went. Throws `audit.broken`.
   */
  async retire(before: number, entry: Pick<NewAuditRecord, 'time' | 'who' | 'requestId'>): Promise<number> {
    const old = [];
    for (const file of await fullFiles(this.#folder)) {
      const end = await endOfFull(file);
      if (end.time >= before) break;
      old.push({ file, end });
    }
    for (const { end } of old) {
      const until = new Date(end.time).toISOString();
      await this.append({
        ...entry,
        action: RETIRED,
        hosts: [],
        command: String(end.number),
        class: '',
        risks: [],
        rule: null,
        why: `lines up to ${end.number} of ${until} were old enough to go`,
        meaning: end.hash,
      });
    }
    await removeFull(old.map(({ file }) => file));
    return old.length;
  }

  async #drain(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) await this.#writeBatch(this.#waiting.splice(0, BATCH));
    this.#isWriting = false;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      let last = this.#last ?? (await endOfLog(this.#folder));
      const records = batch.map(({ entry }) => {
        const whole = nextRecord(entry, last);
        last = whole;
        return whole;
      });
      await this.#write(records, last);
      this.#last = { number: last.number, hash: last.hash };
      for (const [index, record] of records.entries()) batch[index]?.resolve(record);
    } catch (error) {
      // after a failed write the end is read again
      this.#last = null;
      for (const { reject } of batch) reject(error);
    }
  }

  async #write(records: readonly AuditRecord[], last: ChainEnd): Promise<void> {
    const file = await open(join(this.#folder, AUDIT_FILE), 'a', 0o600);
    let size = 0;
    try {
      await file.appendFile(records.map(record => `${JSON.stringify(record)}\n`).join(''));
      await file.datasync();
      ({ size } = await file.stat());
    } finally {
      await file.close();
    }
    await writeHead(this.#folder, last);
    // where that fails it is done after the next line
    if (size >= this.#fullFile) await putAside(this.#folder, last.number).catch(() => undefined);
  }
}

/** Times that files are listed again because one was put aside meanwhile. */
const MOST_TRIES = 10;

/**
 * All records that are kept, oldest first. Throws `audit.broken` naming the first line that is not what was written, or
 * whose forerunners are missing without a line that says so.
 */
export async function readAuditLog(folder: string): Promise<readonly AuditRecord[]> {
  // lines may be written meanwhile: those that this head names must be there, later ones may be
  const head = await readHead(folder);
  const texts = await readFiles(folder);
  const latest = await readHead(folder);
  const check = new ChainCheck();
  for (const text of texts) check.add(text);
  const records = check.records();
  const { number: end } = check.end;
  const known =
    head.number === BEGINNING.number
      ? latest.number > 0 || records.length <= BATCH
      : records[head.number - (records[0]?.number ?? 1)]?.hash === head.hash;
  // the head may be one batch behind: it is written after the lines
  if (!known || latest.number < end - BATCH)
    throw broken(end, `it ends after ${end} lines, ${latest.number} were written`);
  return records;
}

/** The texts of all files as they were at one time, oldest first. */
async function readFiles(folder: string): Promise<readonly string[]> {
  for (let tried = 1; ; tried += 1) {
    const files = (await fullFiles(folder)).map(({ path }) => path);
    const texts = await Promise.all([...files, join(folder, AUDIT_FILE)].map(readText));
    const now = (await fullFiles(folder)).map(({ path }) => path);
    if (now.join() === files.join() || tried === MOST_TRIES) return texts;
  }
}
