import type { AuditEntryView } from 'deckhand/client';

/** What is looked for in the audit log; empty = everything. */
export interface AuditFilter {
  /** In any part of an entry, whatever its case. */
  readonly text: string;
  readonly who: string;
  readonly action: string;
}

export function fitsAudit(entry: AuditEntryView, { text, who, action }: AuditFilter): boolean {
  if (who !== '' && entry.who !== who) return false;
  if (action !== '' && entry.action !== action) return false;
  const parts = [entry.who, entry.action, ...entry.hosts, entry.command, entry.rule ?? '', entry.why];
  return parts.join('\n').toLowerCase().includes(text.trim().toLowerCase());
}

/** Entries of several pages, newest first and each once: a new one may come between two pages. */
export function joinPages(pages: readonly (readonly AuditEntryView[])[]): readonly AuditEntryView[] {
  const byNumber = new Map(pages.flat().map(entry => [entry.number, entry]));
  return [...byNumber.values()].toSorted((a, b) => b.number - a.number);
}
