import type { ShellWord } from '../../shell/shell-tree.ts';

/**
 * A path as far as it is known. In the text: `ANY` stands for any text, `STAR` for any text without a slash,
 * `ONE` for one character. The home of the account in use is written `/~`.
 */
export const ANY = '\uE000';
export const STAR = '\uE001';
export const ONE = '\uE002';
const MARKS = /[\uE000-\uE002]/;

export type ValueOf = (name: string) => string | null;

/** The text of a word with marks for what is not known; `valueOf` knows some variables. */
export function shapeOf(
  word: ShellWord,
  valueOf: ValueOf,
  safeOutput: (word: ShellWord, index: number) => boolean,
): string {
  let shape = '';
  for (const [index, piece] of word.pieces.entries()) {
    if (piece.kind === 'text') shape += piece.value;
    else if (piece.kind === 'tilde') shape += homeOf(piece.user);
    else if (piece.kind === 'glob') shape += piece.text === '?' ? ONE : STAR;
    else if (piece.kind === 'pipe-path') shape += '/dev/fd/63';
    else if (piece.kind === 'number') shape += STAR;
    else if (piece.kind === 'variable' && piece.plain) shape += valueOf(piece.name) ?? ANY;
    else if (piece.kind === 'output' && safeOutput(word, index)) shape += STAR;
    else shape += ANY;
  }
  return shape;
}

function homeOf(user: string): string {
  if (user === '') return '/~';
  return user === 'root' ? '/root' : `/home/${user}`;
}

export function isKnown(shape: string): boolean {
  return !MARKS.test(shape);
}

/** For people: `/srv/*`. */
export function printable(shape: string): string {
  return shape
    .replaceAll(ANY, '?')
    .replaceAll(STAR, '*')
    .replaceAll(ONE, '?')
    .replace(/^\/~(?=\/|$)/, '~');
}

/** Absolute, without `.`, `..` and doubled slashes. Null: it may lead anywhere. */
export function resolveIn(folder: string, shape: string): string | null {
  const whole = shape.startsWith('/') ? shape : `${folder}/${shape}`;
  if (whole.startsWith(ANY)) return null;
  const parts: string[] = [];
  for (const part of whole.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop()?.includes(ANY)) return null;
  }
  return `/${parts.join('/')}`;
}

/** Does this shape possibly mean that path? `*` does not mean names that begin with a dot. */
export function mayMean(shape: string, path: string): boolean {
  if (isKnown(shape)) return shape === path;
  return asPattern(shape).test(path);
}

const PATTERNS = new Map<string, RegExp>();
const MOST_PATTERNS = 500;

function asPattern(shape: string): RegExp {
  const known = PATTERNS.get(shape);
  if (known) return known;
  const source = shape
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(`/${STAR}`, `/(?!\\.)[^/]*`)
    .replaceAll(STAR, '[^/]*')
    .replaceAll(ONE, '[^/]')
    .replaceAll(ANY, '.*');
  const pattern = new RegExp(`^${source}$`, 's');
  if (PATTERNS.size >= MOST_PATTERNS) PATTERNS.clear();
  PATTERNS.set(shape, pattern);
  return pattern;
}
