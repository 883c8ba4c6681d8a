import type { ShellWord } from './shell-tree.ts';

/** The one argument a word becomes, when that is certain before the shell runs; else null. */
export function staticText(word: ShellWord): string | null {
  let text = '';
  for (const piece of word.pieces) {
    if (piece.kind !== 'text') return null;
    text += piece.value;
  }
  return text;
}

/** May it become no argument, or several, or one that begins with a dash? */
export function mayBeOption(word: ShellWord): boolean {
  const [first] = word.pieces;
  if (!first) return true;
  if (first.kind === 'text') return first.value === '' ? word.pieces.length > 1 : first.value.startsWith('-');
  // a path begins with a slash, a number could be negative
  return first.kind !== 'tilde' && first.kind !== 'pipe-path';
}

/** Is it split at blanks after expansion, so that later fields could be anything? */
export function maySplit(word: ShellWord): boolean {
  return word.pieces.some(
    piece =>
      piece.kind === 'unread' || ((piece.kind === 'variable' || piece.kind === 'output') && !piece.quoted),
  );
}
