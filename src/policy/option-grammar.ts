import { maySplit } from '../shell/word-meaning.ts';
import type { Argument } from './call.ts';

/** What the value of an option is: a path that is read or written, or a class by itself. */
export type OptionRole = 'plain' | 'reads' | 'writes' | 'change' | 'destructive' | 'unknown';

interface OptionRule {
  readonly value: 'none' | 'needed' | 'attached';
  readonly role: OptionRole;
}
/** A closed list: an option that is not in it is not understood. */
export type OptionGrammar = ReadonlyMap<string, OptionRule>;

const ROLES: Readonly<Record<string, OptionRole>> = {
  '<': 'reads',
  '>': 'writes',
  '!c': 'change',
  '!d': 'destructive',
  '!u': 'unknown',
};

/**
 * From a text such as `-alh -n= --color?= -o=> --delete!d`: letters of one dash may be joined; `=` (the last letter) takes a
 * value, `?=` takes one only when attached, then the role. `-#` is a dash and digits.
 */
export function grammarOf(text: string): OptionGrammar {
  const grammar = new Map<string, OptionRule>();
  for (const token of text.split(/\s+/)) {
    const found = /^(--?[^=<>!?]+|-\?)(\?=|=)?([<>]|![cdu])?$/.exec(token);
    if (!found) continue;
    const [, name = '', equals, role = ''] = found;
    const rule: OptionRule = {
      value: equals === '=' ? 'needed' : equals === '?=' ? 'attached' : 'none',
      role: ROLES[role] ?? 'plain',
    };
    if (name.startsWith('--') || name === '-#') {
      grammar.set(name, rule);
      continue;
    }
    const letters = name.slice(1).split('');
    for (const letter of letters.slice(0, -1)) grammar.set(`-${letter}`, { value: 'none', role: 'plain' });
    grammar.set(`-${letters.at(-1)}`, rule);
  }
  return grammar;
}

export interface Option {
  readonly name: string;
  readonly value: Argument | null;
  readonly role: OptionRole;
}
export interface ReadOptions {
  readonly options: readonly Option[];
  readonly operands: readonly Argument[];
  /** Arguments that may be options nobody knows. */
  readonly strange: readonly Argument[];
}

/** `stop`: options end at the first operand (a wrapper's command begins there). */
export function readOptions(args: readonly Argument[], grammar: OptionGrammar, stop = false): ReadOptions {
  const options: Option[] = [];
  const operands: Argument[] = [];
  const strange: Argument[] = [];
  for (let place = 0; place < args.length; place += 1) {
    const argument = args[place];
    if (!argument) break;
    if (argument.text === '--') {
      operands.push(...args.slice(place + 1));
      break;
    }
    const first = argument.shape;
    if (!first.startsWith('-') || first === '-') {
      if (argument.loose) strange.push(argument);
      operands.push(argument);
      if (!stop) continue;
      operands.push(...args.slice(place + 1));
      break;
    }
    const read = readOption(argument, args[place + 1] ?? null, grammar);
    if (!read) strange.push(argument);
    else {
      options.push(...read.options);
      if (!read.tookNext) continue;
      place += 1;
      const value = args[place];
      if (value && maySpread(value)) strange.push(value);
    }
  }
  return { options, operands, strange };
}

/** A value may turn into several words, of which all but the first are no value. */
function maySpread({ loose, word }: Argument): boolean {
  return loose && (word === null || maySplit(word));
}

interface OneOption {
  readonly options: readonly Option[];
  readonly tookNext: boolean;
}

function readOption(argument: Argument, next: Argument | null, grammar: OptionGrammar): OneOption | null {
  const { shape } = argument;
  if (/^-\d+$/.test(shape) && grammar.has('-#'))
    return { options: [{ name: '-#', value: null, role: 'plain' }], tookNext: false };
  if (shape.startsWith('--')) return readLong(argument, next, grammar);
  return readShort(argument, next, grammar);
}

function readLong(argument: Argument, next: Argument | null, grammar: OptionGrammar): OneOption | null {
  const [name = '', ...rest] = argument.shape.split('=');
  const rule = grammar.get(name);
  if (!rule) return null;
  const attached = rest.length > 0 ? part(argument, rest.join('=')) : null;
  if (attached) {
    if (rule.value === 'none') return null;
    return { options: [{ name, value: attached, role: rule.role }], tookNext: false };
  }
  const value = rule.value === 'needed' ? next : null;
  if (rule.value === 'needed' && !next) return null;
  return { options: [{ name, value, role: rule.role }], tookNext: value !== null };
}

function readShort(argument: Argument, next: Argument | null, grammar: OptionGrammar): OneOption | null {
  const options: Option[] = [];
  const { shape } = argument;
  for (let at = 1; at < shape.length; at += 1) {
    const name = `-${shape[at]}`;
    const rule = grammar.get(name);
    if (!rule) return null;
    if (rule.value === 'none') {
      options.push({ name, value: null, role: rule.role });
      continue;
    }
    const rest = shape.slice(at + 1);
    const attached = rest === '' ? null : part(argument, rest);
    if (!attached && rule.value === 'needed' && !next) return null;
    const value = attached ?? (rule.value === 'needed' ? next : null);
    options.push({ name, value, role: rule.role });
    return { options, tookNext: value !== null && attached === null };
  }
  return { options, tookNext: false };
}

/** The value that is attached to an option. */
function part(argument: Argument, shape: string): Argument {
  const text = argument.text === null ? null : shape;
  return { ...argument, text, shape };
}
