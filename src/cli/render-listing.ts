import type { ListHostResult } from '../api/contract.ts';
import type { ListedEntry } from '../core/transfer-params.ts';
import { oneLine, table } from './layout.ts';
import { showName } from './names.ts';
import type { Style } from './style.ts';

const LETTER: Readonly<Record<ListedEntry['type'], string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  fifo: 'p',
  socket: 's',
  device: 'b',
  unknown: '?',
};

/** Listings, entry by entry as they came; of several hosts each under its name. */
export function renderListings(results: readonly ListHostResult[], style: Style): string {
  return results
    .map(({ host, list }) => {
      const head = results.length > 1 ? `${style.strong(oneLine(host))}:\n` : '';
      return list ? head + listingText(list.entries, style) : '';
    })
    .join('');
}

function listingText(entries: readonly ListedEntry[], style: Style): string {
  if (entries.length === 0) return '';
  const width = Math.max(...entries.map(entry => String(entry.size).length));
  const rows = entries.map(entry => [
    `${LETTER[entry.type]}${permissions(entry.mode)}`,
    oneLine(entry.owner),
    oneLine(entry.group),
    String(entry.size).padStart(width),
    timeOf(entry.modifiedAt),
    nameOf(entry, style),
  ]);
  return `${table(rows)}\n`;
}

function nameOf({ name, type, link }: ListedEntry, style: Style): string {
  const shown = showName(name);
  if (type === 'directory') return style.accent(`${shown}/`);
  return link === undefined ? shown : `${shown} -> ${showName(link)}`;
}

/** Minutes are enough for people; UTC, as hosts have many zones. */
function timeOf(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z` : oneLine(iso);
}

/** `0755` → `rwxr-xr-x`, with `s` and `t` as `ls` has them. */
export function permissions(mode: string): string {
  const bits = Number.parseInt(mode, 8);
  if (Number.isNaN(bits)) return '?????????';
  const letters = Array.from('rwxrwxrwx', (letter, index) => (bits & (0o400 >> index) ? letter : '-'));
  const special = [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ] as const;
  for (const [bit, place, letter] of special) {
    if (bits & bit) letters[place] = letters[place] === 'x' ? letter : letter.toUpperCase();
  }
  return letters.join('');
}
