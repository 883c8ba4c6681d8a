import type { ShellScript, ShellWord } from '../shell/shell-tree.ts';
import { mayBeOption, maySplit, staticText } from '../shell/word-meaning.ts';
import type { Argument, Scope, Stream } from './call.ts';
import { isKnown, shapeOf } from './paths/shape.ts';

/** A value that stays one word without quotes and is no pattern. */
const PLAIN = /^[A-Za-z0-9_./:@%+,=\uE001\uE002-]+$/;

/** A word of a command as an argument, as far as it is known. */
export function argumentOf(word: ShellWord, scope: Scope, stream: Stream): Argument {
  const valueOf = (name: string): string | null =>
    name === 'HOME' ? '/~' : (scope.values.get(name) ?? null);
  const shape = shapeOf(word, valueOf, (_, index) => printsOneWord(word, index, scope));
  const text = staticText(word) ?? resolved(word, shape, scope);
  const known = text !== null;
  const loose =
    !known &&
    (followed(word, scope)
      ? shape.startsWith('-')
      : (mayBeOption(word) && !shape.startsWith('/')) || maySplit(word));
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
    if (piece.kind === 'output') return printsOneWord(word, index, scope);
    return piece.kind === 'text' || piece.kind === 'tilde' || piece.kind === 'number';
  });
}

function resolved(word: ShellWord, shape: string, scope: Scope): string | null {
  if (!followed(word, scope) || !isKnown(shape) || shape.startsWith('/~')) return null;
  return word.pieces.some(({ kind }) => kind === 'variable') ? shape : null;
}

/** Does `$(…)` print one word without slash, blank or leading dash, such as a date? */
function printsOneWord(word: ShellWord, index: number, { functions }: Scope): boolean {
  const piece = word.pieces[index];
  if (piece?.kind !== 'output') return false;
  const text = onlyCommand(piece.script);
  // a function of the same name prints what it likes
  if (text === null || functions.has(text.split(' ')[0] ?? '')) return false;
  return ONE_WORD.test(text) || (word.pieces.length === 1 && NUMBERS.test(text));
}

const ONE_WORD =
  /^(date( -u)? \+[%A-Za-z0-9_.:-]+|hostname( -s)?|uname -[rmsn]|id -u|id -un|whoami|nproc|arch|pgrep -[on]( -[fx])? [\w.-]+|pidof -s [\w.-]+)$/;
/** Numbers, one after the other: alone in their word they are numbers still. */
const NUMBERS = /^(pgrep( -[fxnouP]+)?( \w[\w.-]*)+|pidof( \w[\w.-]*)+)$/;

/** The words of a script that is one command and nothing else; null: it is more, or they are not known. */
function onlyCommand({ body, faults }: ShellScript): string | null {
  const [only, ...others] = body.items;
  if (faults.length > 0 || !only || others.length > 0 || only.node.kind !== 'command') return null;
  const { words, redirections, assignments } = only.node;
  if (redirections.length > 0 || assignments.length > 0) return null;
  const texts = words.map(staticText);
  return texts.includes(null) ? null : texts.join(' ');
}
