import type { ArithmeticExpression, ArrayValue, HereDocBody, Word, WordPart } from 'unbash';
import { nestedWords } from './nested-words.ts';
import type { ScriptReader } from './read-script.ts';
import type { Piece, ShellScript, ShellWord } from './shell-tree.ts';

type Parameter = Extract<WordPart, { type: 'ParameterExpansion' }>;

/** Operations of `${…}` that dash knows too. */
const POSIX_OPERATIONS = new Set(['Default', 'Remove']);

/** A word of the parser as pieces; what only bash reads this way is told to the reader. */
export function readWord(word: Word, reader: ScriptReader): ShellWord {
  const pieces = word.parts
    ? word.parts.flatMap((part, index) => readPart(part, index === 0, reader))
    : literal(word.value, word.text, true);
  return { start: word.pos, end: word.end, text: word.text, pieces };
}

/** The body of a here-document: quoted text with expansions, or text alone. */
export function readHereBody(body: HereDocBody, reader: ScriptReader): ShellWord {
  const pieces: readonly Piece[] = body.parts
    ? body.parts.flatMap(part => readPart(part, false, reader).map(asQuoted))
    : [{ kind: 'text', value: body.text, quoted: true }];
  return { start: body.pos, end: body.end, text: body.text, pieces };
}

export function readArray(value: ArrayValue, reader: ScriptReader): readonly ShellWord[] {
  reader.fault('an array');
  return value.elements.map(element => readWord(element, reader));
}

function asQuoted(piece: Piece): Piece {
  return 'quoted' in piece ? { ...piece, quoted: true } : piece;
}

/** Unquoted text; a tilde at its beginning stands for a home. */
function literal(value: string, source: string, first: boolean): readonly Piece[] {
  const tilde = first ? /^~([A-Za-z0-9_.-]*)(?=\/|$)/.exec(source) : null;
  if (!tilde) return [{ kind: 'text', value, quoted: false }];
  return [
    { kind: 'tilde', user: tilde[1] ?? '' },
    { kind: 'text', value: value.slice(tilde[0].length), quoted: false },
  ];
}

function readPart(part: WordPart, first: boolean, reader: ScriptReader): readonly Piece[] {
  switch (part.type) {
    case 'Literal':
      return literal(part.value, part.text, first);
    case 'SingleQuoted':
      return [{ kind: 'text', value: part.value, quoted: true }];
    case 'AnsiCQuoted':
      reader.fault("$'…' quotes");
      return [{ kind: 'text', value: part.value, quoted: true }];
    case 'LocaleString':
      reader.fault('$"…" quotes');
      return part.parts.flatMap(child => readPart(child, false, reader).map(asQuoted));
    case 'DoubleQuoted':
      return part.parts.length === 0
        ? [{ kind: 'text', value: '', quoted: true }]
        : part.parts.flatMap(child => readPart(child, false, reader).map(asQuoted));
    case 'Glob':
      if (part.kind === 'bracket') return [glob(part.text), ...unreadParts(part.parts, reader)];
      return [glob(part.text)];
    case 'SimpleExpansion':
      return [variable(part.text.replace(/^\$/, ''), true, part.text, [])];
    case 'ParameterExpansion':
      return [readParameter(part, reader)];
    case 'CommandExpansion':
      return [{ kind: 'output', script: reader.nested(part.script), quoted: false }];
    case 'ArithmeticExpansion':
      return [{ kind: 'number', source: part.text, scripts: readArithmetic(part.expression, reader) }];
    case 'ProcessSubstitution':
      // `<(…)`: a shell that does not know it stops there, and runs nothing else
      if (part.operator === '>') reader.fault('a process substitution');
      return [{ kind: 'pipe-path', script: reader.nested(part.script) }];
    case 'ExtendedGlob':
    case 'BraceExpansion':
      reader.fault(part.type === 'BraceExpansion' ? 'braces' : 'an extended pattern');
      return [
        { kind: 'unread', source: part.text, words: [], scripts: nestedScripts(part.parts ?? [], reader) },
      ];
  }
}

function glob(text: string): Piece {
  return { kind: 'glob', text };
}

/** Expansions inside a bracket expression. */
function unreadParts(parts: readonly WordPart[], reader: ScriptReader): readonly Piece[] {
  return parts
    .flatMap(part => readPart(part, false, reader))
    .filter(piece => piece.kind !== 'text' && piece.kind !== 'tilde');
}

function variable(name: string, plain: boolean, source: string, words: readonly ShellWord[]): Piece {
  return { kind: 'variable', name, plain, quoted: false, source, words };
}

function readParameter(part: Parameter, reader: ScriptReader): Piece {
  const { operation } = part;
  if (part.index) reader.fault('an array');
  if (part.prefix === '!') reader.fault('an indirect variable');
  if (operation && !POSIX_OPERATIONS.has(operation.type)) reader.fault(`\${…} with ${operation.type}`);
  const words = nestedWords(part).map(word => readWord(word, reader));
  return variable(part.parameter, operation === undefined && part.prefix === undefined, part.text, words);
}

/** Scripts inside parts that are not understood further. */
function nestedScripts(parts: readonly WordPart[], reader: ScriptReader): readonly ShellScript[] {
  return parts.flatMap(part => readPart(part, false, reader)).flatMap(scriptsOf);
}

/** All scripts directly inside a piece. */
export function scriptsOf(piece: Piece): readonly ShellScript[] {
  switch (piece.kind) {
    case 'output':
    case 'pipe-path':
      return [piece.script];
    case 'number':
      return piece.scripts;
    case 'variable':
      return piece.words.flatMap(word => word.pieces.flatMap(scriptsOf));
    case 'unread':
      return [...piece.scripts, ...piece.words.flatMap(word => word.pieces.flatMap(scriptsOf))];
    default:
      return [];
  }
}

/** Scripts of an arithmetic expression. A variable in it is a fault: bash evaluates its text as a further expression. */
export function readArithmetic(
  expression: ArithmeticExpression | undefined,
  reader: ScriptReader,
): readonly ShellScript[] {
  if (!expression) {
    reader.fault('an arithmetic expression that was not understood');
    return [];
  }
  switch (expression.type) {
    case 'ArithmeticBinary':
      return [...readArithmetic(expression.left, reader), ...readArithmetic(expression.right, reader)];
    case 'ArithmeticUnary':
      return readArithmetic(expression.operand, reader);
    case 'ArithmeticTernary':
      return [expression.test, expression.consequent, expression.alternate].flatMap(part =>
        readArithmetic(part, reader),
      );
    case 'ArithmeticGroup':
      return readArithmetic(expression.expression, reader);
    case 'ArithmeticCommandExpansion':
      reader.fault('arithmetic on what a command prints');
      return [reader.nested(expression.script)];
    case 'ArithmeticWord': {
      if (!/^\d+$/.test(expression.value)) reader.fault('arithmetic on a variable');
      return nestedScripts(expression.parts ?? [], reader);
    }
  }
}
