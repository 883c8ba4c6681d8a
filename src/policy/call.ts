import type { ShellWord } from '../shell/shell-tree.ts';
import type { Ledger } from './ledger.ts';
import type { CommandClass, Risk, Verdict } from './verdict.ts';

/** What comes out of a command, or into it. */
export interface Stream {
  /** Exactly what it says, where that is known. */
  readonly text: string | null;
  /** Nothing comes: a terminal or nothing at all. */
  readonly empty: boolean;
  /** It may hold a key or a password. */
  readonly secret: boolean;
  /** It comes from another machine. */
  readonly remote: boolean;
  /** It is a list of names of these shapes, each ended by `end`; a name may hold a line feed, but no zero. */
  readonly names?: { readonly shapes: readonly string[]; readonly end: 'zero' | 'line' };
  /** It does not end by itself. */
  readonly endless?: boolean;
}

export const NOTHING: Stream = { text: null, empty: true, secret: false, remote: false };
export const DATA: Stream = { text: null, empty: false, secret: false, remote: false };

/** One argument of a program. */
export interface Argument {
  /** As it is passed; null = known only when it runs. */
  readonly text: string | null;
  /** With marks for what is unknown; see `paths/shape.ts`. */
  readonly shape: string;
  /** As written. */
  readonly source: string;
  /** It may turn into an option, into nothing, or into several arguments. */
  readonly loose: boolean;
  /** It carries what a fetch printed, or a secret. */
  readonly stream: Stream;
  readonly word: ShellWord | null;
}

/** What is known at a place in a script. */
export interface Scope {
  /** Every folder it may stand in; null among them: anywhere. */
  readonly folders: Set<string | null>;
  readonly functions: Set<string>;
  /** Temporary folders and files that the same task has made. */
  readonly made: Set<string>;
  readonly values: Map<string, string>;
  /** Names whose value cannot be followed. */
  readonly unsteady: ReadonlySet<string>;
  readonly depth: number;
}

/** One program with its arguments, about to run. */
export interface Call {
  readonly name: string;
  readonly args: readonly Argument[];
  /** As written. */
  readonly words: string;
  readonly scope: Scope;
  readonly stdin: Stream;
  readonly ledger: Ledger;
  /** Judges other arguments as a command of their own: `sudo`, `env`. */
  readonly judgeArguments: (args: readonly Argument[], stdin: Stream, scope?: Scope) => Stream;
  /** Judges a text as a script: `sh -c`. */
  readonly judgeText: (text: string, stdin: Stream, scope?: Scope) => Stream;
  /** Judges a text that runs at another time, by itself: nothing is noted. */
  readonly verdictOf: (text: string) => Verdict;
}

/** What a program prints; nothing said = what it was given, mixed. */
export type Handler = (call: Call) => Stream | undefined;

export function note(call: Call, found: CommandClass, text: string, risk?: Risk, words = call.words): void {
  call.ledger.note(found, text, words, risk);
}

export function argument(text: string): Argument {
  return { text, shape: text, source: text, loose: false, stream: NOTHING, word: null };
}
