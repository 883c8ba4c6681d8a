import { type Argument, type Call, note, type Stream } from '../call.ts';
import { grammarOf, type Option, type OptionGrammar, readOptions } from '../option-grammar.ts';
import { readsPath, removesPath, writesPath } from '../paths/touch.ts';
import type { CommandClass, CommandEffect, Risk } from '../verdict.ts';

/** What the operands of a program are. */
export type OperandRole =
  /** Paths that are read; `tree`: with everything below. */
  | 'paths'
  | 'tree'
  | 'writes'
  | 'removes'
  /** Texts that stay texts. */
  | 'text'
  /** The first is a text, the rest are paths (`grep`). */
  | 'text-paths'
  | 'none'
  /** A command word of the program follows. */
  | 'words';

export interface ProgramRow {
  readonly class: CommandClass;
  readonly operands: OperandRole;
  readonly grammar: OptionGrammar;
  readonly risk: Risk | null;
  readonly effect: CommandEffect['kind'] | null;
  readonly text: string;
  /** None of its options does harm: a word that may turn out to be one is no matter. */
  readonly anyOption: boolean;
}
export type ProgramTable = ReadonlyMap<string, ProgramRow>;

const CLASS_OF: Readonly<Record<string, CommandClass>> = {
  R: 'read-only',
  r: 'read-only',
  c: 'change',
  d: 'destructive',
  u: 'unknown',
  f: 'forbidden',
};

/**
 * Reads rows `names | class | operands | options`. Names: programs, or a program with its command word. Class: a letter (`R`:
 * `r`, and no option of it does harm),
 * then `+risk` and `@effect` where there is one. A program with command words has a row of its own with `words`.
 */
export function tableOf(text: string): ProgramTable {
  const table = new Map<string, ProgramRow>();
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [names = '', kind = '', operands = '', options = ''] = line
      .split(' | ')
      .map(column => column.trim());
    const [, letter = 'u', , risk = null, , effect = null] =
      /^([rRcduf])(\+([a-z-]+))?(@([a-z]+))?$/.exec(kind) ?? [];
    const row = {
      class: CLASS_OF[letter] ?? 'unknown',
      operands: operands as OperandRole,
      grammar: grammarOf(`${options} --help --version`),
      risk: risk as Risk | null,
      effect: effect as CommandEffect['kind'] | null,
    };
    const anyOption = letter === 'R';
    for (const name of names.split(',')) table.set(name.trim(), { ...row, anyOption, text: name.trim() });
  }
  return table;
}

/** Judges a call by the row of its program; false: the table has none. */
export function judgeByTable(call: Call, table: ProgramTable): Stream | false {
  const row = table.get(call.name);
  if (!row) return false;
  return judgeRow(call, call.name, row, call.args, new Map(), table);
}

function judgeRow(
  call: Call,
  name: string,
  row: ProgramRow,
  args: readonly Argument[],
  inherited: OptionGrammar,
  table: ProgramTable,
): Stream {
  const grammar = inherited.size === 0 ? row.grammar : new Map([...inherited, ...row.grammar]);
  if (row.operands === 'words') {
    const place = commandWord(args, grammar);
    const word = args[place];
    if (!word) {
      applyOptions(call, args, grammar);
      const bare = table.get(`${name} -`);
      note(call, bare ? bare.class : row.class, `${name} without a command`);
      return mixed(call, false);
    }
    const inner = word.text === null ? undefined : table.get(`${name} ${word.text}`);
    if (inner) return judgeRow(call, `${name} ${word.text}`, inner, args.toSpliced(place, 1), grammar, table);
    note(call, 'unknown', `what \`${name} ${word.source}\` does is not known`, undefined, word.source);
    return mixed(call, false);
  }
  const { operands } = applyOptions(call, args, grammar, false, row.anyOption);
  const secret = judgeOperands(call, row, operands);
  if (row.class !== 'read-only')
    note(call, row.class, `${row.text}${subjects(operands)}`, row.risk ?? undefined);
  if (row.effect)
    for (const operand of operands.length > 0 ? operands : [{ text: name }])
      call.ledger.effect(row.effect, operand.text ?? '?');
  return mixed(call, secret);
}

function subjects(operands: readonly Argument[]): string {
  return operands.length === 0 ? '' : ` ${operands.map(({ source }) => source).join(' ')}`;
}

function commandWord(args: readonly Argument[], grammar: OptionGrammar): number {
  const { operands } = readOptions(args, grammar, true);
  const [first] = operands;
  return first ? args.indexOf(first) : args.length;
}

/** Judges the options; gives them and the operands. */
export function applyOptions(
  call: Call,
  args: readonly Argument[],
  grammar: OptionGrammar,
  stop = false,
  anyOption = false,
): { readonly options: readonly Option[]; readonly operands: readonly Argument[] } {
  const { options, operands, strange } = readOptions(args, grammar, stop);
  for (const { source } of strange.filter(({ text }) => text !== null || !anyOption))
    note(call, 'unknown', `${call.name}: what \`${source}\` does there is not known`, undefined, source);
  for (const { name, value, role } of options) {
    if (role === 'reads' && value) readsPath(call, value);
    else if (role === 'writes' && value && value.text !== '-') writesPath(call, value, 'replace');
    else if (role === 'change' || role === 'destructive' || role === 'unknown')
      note(call, role, `${call.name} ${name}`);
  }
  return { options, operands };
}

function judgeOperands(call: Call, { operands: role }: ProgramRow, operands: readonly Argument[]): boolean {
  let secret = false;
  const paths = role === 'text-paths' ? operands.slice(1) : operands;
  for (const operand of paths) {
    if (role === 'paths' || role === 'text-paths' || role === 'tree') {
      if (operand.text === '-') continue;
      secret = readsPath(call, operand, role === 'tree' ? 'tree' : 'file') || secret;
    } else if (role === 'writes') writesPath(call, operand, 'make');
    else if (role === 'removes') removesPath(call, operand, 'file');
    else if (role === 'none')
      note(
        call,
        'unknown',
        `${call.name}: what \`${operand.source}\` does there is not known`,
        undefined,
        operand.source,
      );
  }
  return secret;
}

/** What it was given and what it read. */
export function mixed(call: Call, secret: boolean, remote = false): Stream {
  const streams = [call.stdin, ...call.args.map(({ stream }) => stream)];
  return {
    text: null,
    empty: false,
    secret: secret || streams.some(stream => stream.secret),
    remote: remote || streams.some(stream => stream.remote),
  };
}
