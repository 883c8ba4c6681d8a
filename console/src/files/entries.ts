import type { ListedEntry } from 'deckhand/client';

// made once: making one costs more than thousands of comparisons
const order = new Intl.Collator('en', { numeric: true });

/** Folders first, by name, numbers by value. Pure. */
export function sortedEntries(entries: readonly ListedEntry[]): readonly ListedEntry[] {
  const rank = ({ type }: ListedEntry): number => (type === 'directory' ? 0 : 1);
  return entries.toSorted((one, other) => rank(one) - rank(other) || order.compare(one.name, other.name));
}

/** What of a folder is shown. Pure. */
export function shownEntries(
  entries: readonly ListedEntry[],
  { text, hidden }: { readonly text: string; readonly hidden: boolean },
): readonly ListedEntry[] {
  const wanted = text.trim().toLowerCase();
  return entries.filter(
    ({ name }) => (hidden || !name.startsWith('.')) && name.toLowerCase().includes(wanted),
  );
}

/** Rows that are drawn, those above and below what is seen among them. Pure: pixels and numbers in, numbers out. */
export function rowsSeen(
  { scrollTop, height }: { readonly scrollTop: number; readonly height: number },
  row: number,
  total: number,
): { readonly from: number; readonly to: number } {
  const spare = 10;
  const from = Math.max(0, Math.min(total, Math.floor(scrollTop / row)) - spare);
  return { from, to: Math.min(total, Math.ceil((scrollTop + height) / row) + spare) };
}
