import { sanitiseText } from 'deckhand/client';

/** How sizes, durations and times are said. Pure. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/** Milliseconds as `840 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return pair(minutes, 'min', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? pair(hours, 'h', minutes % 60, 'min')
    : pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** `12 s ago`, `in 3 min`. */
export function agoText(time: number, now: number): string {
  const distance = now - time;
  if (Math.abs(distance) < 1500) return 'now';
  return distance > 0 ? `${roughText(distance)} ago` : `in ${roughText(-distance)}`;
}
/** One unit only. */
function roughText(milliseconds: number): string {
  return durationText(milliseconds).split(' ').slice(0, 2).join(' ');
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** Text of a host on one line, bounded, with nothing in it that could steer what shows it. */
export function plainText(text: string, limit = 300): string {
  const clean = sanitiseText(text).replaceAll(/\s+/g, ' ').trim();
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean;
}

/** A word as POSIX shells take it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Names as a person types them, with commas or spaces between them. */
export function namesIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter(name => name !== '');
}
