import { createHash } from 'node:crypto';
import { open, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import { z } from '../core/schema.ts';

/** What the policy decided, or a person: one line of the log. */
const recordSchema = z.strictObject({
  /** From 1, without gaps. */
  number: z.number().int().min(1),
  /** Milliseconds since the epoch. */
  time: z.number(),
  who: z.string(),
  /** Such as `policy.refused`. */
  action: z.string(),
  hosts: z.array(z.string()),
  /** Exactly as it was given. */
  command: z.string(),
  class: z.string(),
  risks: z.array(z.string()),
  /** The rule that decided; null: the mode. */
  rule: z.string().nullable(),
  why: z.string(),
  /** Of the meaning that was refused or approved. */
  meaning: z.string(),
  requestId: z.string(),
  /** Hash of the line before; of the first, 64 zeros. */
  previous: z.string(),
  /** SHA-256 of this line without it. */
  hash: z.string(),
});
export type AuditRecord = z.infer<typeof recordSchema>;
export type NewAuditRecord = Omit<AuditRecord, 'number' | 'previous' | 'hash'>;

export const AUDIT_FILE = 'audit.jsonl';
const HEAD_FILE = 'audit.head';
const BEGINNING = '0'.repeat(64);

/** Records that are written together at most: one write and one `fdatasync` for all that wait. */
const BATCH = 64;

interface Waiting {
  readonly entry: NewAuditRecord;
  readonly resolve: (record: AuditRecord) => void;
  readonly reject: (error: unknown) => void;
}

/** An append-only log whose lines carry the hash of the line before. One writer: the owner of the store's folder. */
export class AuditLog {
  readonly #folder: string;
  readonly #waiting: Waiting[] = [];
  #last: { readonly number: number; readonly hash: string } | null = null;
  #isWriting = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** On the disk when the promise is done. Throws `audit.broken` when the end of the log is not what was written. */
  async append(entry: NewAuditRecord): Promise<AuditRecord> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      if (!this.#isWriting) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) await this.#writeBatch(this.#waiting.splice(0, BATCH));
    this.#isWriting = false;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      let last = this.#last ?? (await readHead(this.#folder));
      const records = batch.map(({ entry }) => {
        const record = { ...entry, number: last.number + 1, previous: last.hash };
        // in the order of the schema
        const whole = recordSchema.parse({ ...record, hash: hashOf(record) });
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

  async #write(
    records: readonly AuditRecord[],
    last: { readonly number: number; readonly hash: string },
  ): Promise<void> {
    const file = await open(join(this.#folder, AUDIT_FILE), 'a', 0o600);
    try {
      await file.appendFile(records.map(record => `${JSON.stringify(record)}\n`).join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
    const head = join(this.#folder, HEAD_FILE);
    await writeFile(`${head}.new`, `${last.number} ${last.hash}\n`, { mode: 0o600 });
    await rename(`${head}.new`, head);
  }
}

/** All records, oldest first. Throws `audit.broken` naming the first line that is not what was written. */
export async function readAuditLog(folder: string): Promise<readonly AuditRecord[]> {
  const text = await readText(join(folder, AUDIT_FILE));
  const records = checkChain(text);
  const [number = '0', hash = BEGINNING] = (await readText(join(folder, HEAD_FILE))).trim().split(' ');
  const expected = records[Number(number) - 1];
  // the head may be one batch behind: it is written after the lines
  const known = number === '' || number === '0' ? records.length <= BATCH : expected?.hash === hash;
  if (!known || Number(number) < records.length - BATCH)
    throw broken(records.length, `it ends after ${records.length} lines, ${number} were written`);
  return records;
}

/** Checks a log's text line by line. Pure. Throws `audit.broken`. */
export function checkChain(text: string): readonly AuditRecord[] {
  const records: AuditRecord[] = [];
  let previous = BEGINNING;
  const lines = text.split('\n');
  for (const [place, line] of lines.entries()) {
    const number = place + 1;
    if (line === '' && number === lines.length) break;
    const record = parseLine(line, number);
    const { hash, ...rest } = record;
    if (record.previous !== previous || record.number !== number)
      throw broken(number, 'a line before it is missing or was changed');
    if (hashOf(rest) !== hash) throw broken(number, 'it is not what was written');
    records.push(record);
    previous = hash;
  }
  return records;
}

function parseLine(line: string, number: number): AuditRecord {
  try {
    const record = recordSchema.parse(JSON.parse(line));
    // spaces or another order of fields are a change too
    if (JSON.stringify(record) === line) return record;
  } catch {
    // said below
  }
  throw broken(number, 'it cannot be read');
}

/** What the hash is over, in this order. */
const HASHED = [
  'number',
  'time',
  'who',
  'action',
  'hosts',
  'command',
  'class',
  'risks',
  'rule',
  'why',
  'meaning',
  'requestId',
  'previous',
] as const;

function hashOf(record: Omit<AuditRecord, 'hash'>): string {
  const fields = HASHED.map(name => record[name]);
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}

/** The end of the log. A line that a crash cut off was never acknowledged: it is taken away. */
async function readHead(folder: string): Promise<{ readonly number: number; readonly hash: string }> {
  const path = join(folder, AUDIT_FILE);
  const text = await readText(path);
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) await truncate(path, Buffer.byteLength(whole));
  const lines = whole.split('\n');
  const last = lines.at(-2);
  if (last === undefined) return { number: 0, hash: BEGINNING };
  const { number, hash } = parseLine(last, lines.length - 1);
  return { number, hash };
}

async function readText(path: string): Promise<string> {
  if (!(await stat(path).catch(() => null))) return '';
  return await readFile(path, 'utf8');
}

function broken(line: number, text: string): DeckhandError {
  return new DeckhandError('audit.broken', `The audit log is broken at line ${line}: ${text}.`, {
    details: { line },
  });
}
