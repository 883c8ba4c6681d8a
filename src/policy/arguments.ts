import type { ShellScript, ShellWord } from '../shell/shell-tree.ts';
import { mayBeOption, maySplit, staticText } from '../shell/word-meaning.ts';
import type { Argument, Scope, Stream } from './call.ts';
import { isKnown, shapeOf } from './paths/shape.ts';

/** A value that stays one word without quotes and is no pattern. */
const PLAIN = /^[A-Za-z0-9_./:@%+,=-]+$/;

/** A word of a command as an argument, as far as it is known. */
export function argumentOf(word: ShellWord, scope: Scope, stream: Stream): Argument {
  const valueOf = (name: string): string | null =>
    name === 'HOME' ? '/~' : (scope.values.get(name) ?? null);
  const shape = shapeOf(word, valueOf, (_, index) => printsOneWord(word, index));
  const text = staticText(word) ?? resolved(word, shape, scope);
  const known = text !== null;
  const loose =
    !known && (followed(word, scope) ? shape.startsWith('-') : mayBeOption(word) || maySplit(word));
  return {
    text,
    shape: known && text !== null && !shape.startsWith('/~') ? text : shape,
    source: word.text,
    loose,
    stream,
    word,
  };
}

/** All variables in it have a value that was followed. */
function followed(word: ShellWord, scope: Scope): boolean {
  return word.pieces.every((piece, index) => {
    if (piece.kind === 'variable')
      return piece.plain && (piece.name === 'HOME' || PLAIN.test(scope.values.get(piece.name) ?? ''));
    if (piece.kind === 'output') return printsOneWord(word, index);
    return piece.kind === 'text' || piece.kind === 'tilde' || piece.kind === 'number';
  });
}

function resolved(word: ShellWord, shape: string, scope: Scope): string | null {
  if (!followed(word, scope) || !isKnown(shape) || shape.startsWith('/~')) return null;
  return word.pieces.some(({ kind }) => kind === 'variable') ? shape : null;
}

/** Does `$(…)` print one word without slash, blank or leading dash, such as a date? */
function printsOneWord(word: ShellWord, index: number): boolean {
  const piece = word.pieces[index];
  return piece?.kind === 'output' && isOneWord(piece.script);
}

function isOneWord({ body, faults }: ShellScript): boolean {
  const [only, ...others] = body.items;
  if (faults.length > 0 || !only || others.length > 0 || only.node.kind !== 'command') return false;
  const { words, redirections, assignments } = only.node;
  if (redirections.length > 0 || assignments.length > 0) return false;
  const texts = words.map(staticText);
  if (texts.includes(null)) return false;
  return /^(date( -u)? \+[%A-Za-z0-9_.:-]+|hostname( -s)?|uname -[rmsn]|id -u|id -un|whoami|nproc|arch)$/.test(
    texts.join(' '),
  );
}
