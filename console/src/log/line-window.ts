/** Which lines a scrolled window shows. Pure: pixels and numbers in, numbers out. */

/** Pixels of a row. */
export const ROW = 20;
/** Rows above and below what is seen. */
const SPARE = 10;
/** Rows of one stretch: browsers lose count beyond some ten million pixels. */
export const STRETCH = 200_000;

export interface LineWindow {
  /** The first line of the stretch that the scroll bar stands for, less one. */
  readonly base: number;
  /** Rows in the stretch. */
  readonly rows: number;
  /** Lines to draw, from 1. */
  readonly from: number;
  readonly to: number;
}

/** The stretch in which a line lies near the middle; short logs are one stretch. */
export function baseFor(line: number, total: number): number {
  return Math.max(0, Math.min(line - Math.floor(STRETCH / 2), total - STRETCH));
}

export function windowOf(base: number, total: number, scrollTop: number, height: number): LineWindow {
  const rows = Math.max(0, Math.min(STRETCH, total - base));
  const first = Math.floor(scrollTop / ROW);
  const from = Math.max(1, Math.min(rows, first - SPARE + 1));
  const to = Math.min(rows, first + Math.ceil(height / ROW) + SPARE);
  return { base, rows, from: base + from, to: base + to };
}

/** Where the stretch must begin when its end is reached and there is more; null = it is fine. */
export function nextBase(base: number, total: number, { from, to, rows }: LineWindow): number | null {
  const isAtEnd = to >= base + rows && base + rows < total;
  const isAtBegin = from <= base + 1 && base > 0;
  if (!isAtEnd && !isAtBegin) return null;
  return baseFor(isAtEnd ? to : from, total);
}
