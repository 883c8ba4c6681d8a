import { createHash } from 'node:crypto';
import { DeckhandError } from '../core/deckhand-error.ts';
import { z } from '../core/schema.ts';

/** The words of the audit log, and what makes its lines a chain. Pure. */

/** What the policy decided, or a person: one line of the log. */
export const auditRecordSchema = z.strictObject({
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
export type AuditRecord = z.infer<typeof auditRecordSchema>;
export type NewAuditRecord = Omit<AuditRecord, 'number' | 'previous' | 'hash'>;

/** Where a chain stands: what the next line goes on from. */
export interface ChainEnd {
  readonly number: number;
  readonly hash: string;
}
export const BEGINNING: ChainEnd = { number: 0, hash: '0'.repeat(64) };

/**
 * A line that says that older ones were put away: `meaning` is the hash of the last of them, `command` its number. The
 * chain may begin after it.
 */
export const RETIRED = 'audit.retired';

/** The next line of a chain. */
export function nextRecord(entry: NewAuditRecord, end: ChainEnd): AuditRecord {
  const record = { ...entry, number: end.number + 1, previous: end.hash };
  // in the order of the schema
  return auditRecordSchema.parse({ ...record, hash: hashOf(record) });
}

/** Checks lines one by one. Throws `audit.broken` naming the first that is not what was written. */
export class ChainCheck {
  readonly #records: AuditRecord[] = [];
  #end: ChainEnd | null = null;

  /** The text of one file; the last one of several may be empty. */
  add(text: string): void {
    const lines = text.split('\n');
    for (const [place, line] of lines.entries()) {
      if (line === '' && place === lines.length - 1) return;
      const expected = this.#end === null ? null : this.#end.number + 1;
      const record = parseLine(line, expected ?? place + 1);
      const { hash, ...rest } = record;
      // the first line of what is kept may be a later one: who put the others away said so, see `records`
      const end = (this.#end ??= { number: record.number - 1, hash: record.previous });
      if (record.previous !== end.hash || record.number !== end.number + 1)
        throw broken(end.number + 1, 'a line before it is missing or was changed');
      if (hashOf(rest) !== hash) throw broken(record.number, 'it is not what was written');
      this.#records.push(record);
      this.#end = record;
    }
  }

  get end(): ChainEnd {
    return this.#end ?? BEGINNING;
  }

  /** All lines. Throws `audit.broken` when older ones are missing and no line says that they were put away. */
  records(): readonly AuditRecord[] {
    const [first] = this.#records;
    if (!first || (first.number === 1 && first.previous === BEGINNING.hash)) return this.#records;
    const said = this.#records.some(
      ({ action, meaning, command }) =>
        action === RETIRED && meaning === first.previous && command === String(first.number - 1),
    );
    if (said) return this.#records;
    throw broken(first.number, 'a line before it is missing or was changed');
  }
}

export function parseLine(line: string, number: number): AuditRecord {
  try {
    const record = auditRecordSchema.parse(JSON.parse(line));
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

export function broken(line: number, text: string): DeckhandError {
  return new DeckhandError('audit.broken', `The audit log is broken at line ${line}: ${text}.`, {
    details: { line },
  });
}
