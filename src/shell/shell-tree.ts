/** What a text means to a POSIX shell or to bash, as a small tree of our own. Data only; positions are UTF-16 offsets. */

/** A stretch of source text. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A piece of a word. Only `text` is known before the shell runs. */
export type Piece =
  /** Decoded: quotes and escapes are gone. */
  | { readonly kind: 'text'; readonly value: string; readonly quoted: boolean }
  /** `~` or `~user`, unquoted at the beginning. */
  | { readonly kind: 'tilde'; readonly user: string }
  /** `*`, `?` or a bracket expression, unquoted. */
  | { readonly kind: 'glob'; readonly text: string }
  /** `$name`, `${name…}`. `plain` is false when an operation changes the value; `words` are those of its operation. */
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly plain: boolean;
      readonly quoted: boolean;
      /** As written, its operation included. */
      readonly source: string;
      readonly words: readonly ShellWord[];
    }
  /** `$(…)` or backticks: what a script prints. */
  | { readonly kind: 'output'; readonly script: ShellScript; readonly quoted: boolean }
  /** `<(…)`, `>(…)`: the path of a pipe. */
  | { readonly kind: 'pipe-path'; readonly script: ShellScript }
  /** `$((…))`: a number. */
  | { readonly kind: 'number'; readonly source: string; readonly scripts: readonly ShellScript[] }
  /** Anything else, such as a brace expansion. */
  | {
      readonly kind: 'unread';
      readonly source: string;
      readonly words: readonly ShellWord[];
      readonly scripts: readonly ShellScript[];
    };

/** A word of a command; it becomes exactly one argument when it is static, else any number. */
export interface ShellWord extends Span {
  readonly pieces: readonly Piece[];
}

export interface ShellAssignment extends Span {
  readonly name: string;
  /** Empty for an array. */
  readonly value: readonly ShellWord[];
  /** The subscript of `name[…]=`. */
  readonly index: ShellWord | null;
}

export type ShellRedirection =
  | (Span & {
      readonly kind: 'file';
      /** As written: `>`, `>>`, `<`, `<>`, `>|`, `>&`, `<&`, `&>`, `&>>`. */
      readonly operator: string;
      /** Null: the default one of the operator. */
      readonly descriptor: number | null;
      readonly target: ShellWord;
    })
  /** A here-document or here-string: what stdin will say. */
  | (Span & { readonly kind: 'here'; readonly descriptor: number | null; readonly body: ShellWord });

export interface SimpleCommand extends Span {
  readonly kind: 'command';
  readonly words: readonly ShellWord[];
  readonly assignments: readonly ShellAssignment[];
  readonly redirections: readonly ShellRedirection[];
}
export interface ShellPipeline extends Span {
  readonly kind: 'pipeline';
  readonly stages: readonly ShellNode[];
}
/** Commands after each other, whatever is between them (`;`, `&&`, `||`, `&`, a new line). */
export interface ShellSequence extends Span {
  readonly kind: 'sequence';
  readonly items: readonly {
    readonly node: ShellNode;
    readonly background: boolean;
    /** It is reached whenever the sequence is: nothing decides before it (`&&`, `||`, `&`). */
    readonly steady: boolean;
    /** What decides whether it runs: `&&` or `||` before it. */
    readonly after: '&&' | '||' | null;
  }[];
}
/** `if`, `for`, `while`, `case`, `( )`, `{ }` …: every part of it may run, in this order. */
export interface ShellCompound extends Span {
  readonly kind: 'compound';
  readonly keyword: string;
  /** Words that are expanded but are no command: a `for` list, a `case` word and its patterns. */
  readonly words: readonly ShellWord[];
  /** The variable of a `for`. */
  readonly variable: string | null;
  readonly scripts: readonly ShellScript[];
  readonly parts: readonly ShellNode[];
  readonly redirections: readonly ShellRedirection[];
}
export interface ShellFunction extends Span {
  readonly kind: 'function';
  readonly name: string;
  readonly body: ShellNode;
}
export type ShellNode = SimpleCommand | ShellPipeline | ShellSequence | ShellCompound | ShellFunction;

export interface ShellScript {
  readonly body: ShellSequence;
  /** Why the reading cannot be relied on; empty = every command that any shell runs is in the tree. */
  readonly faults: readonly string[];
}
