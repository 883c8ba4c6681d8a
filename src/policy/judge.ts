import { everyCommand } from '../shell/every-command.ts';
import { readShell } from '../shell/read-script.ts';
import { scriptsOf } from '../shell/read-word.ts';
import type {
  ShellCompound,
  ShellFunction,
  ShellNode,
  ShellRedirection,
  ShellScript,
  ShellSequence,
  ShellWord,
  SimpleCommand,
} from '../shell/shell-tree.ts';
import { staticText } from '../shell/word-meaning.ts';
import { argumentOf } from './arguments.ts';
import { type Argument, type Call, DATA, NOTHING, type Scope, type Stream } from './call.ts';
import { judgeAssignment, steadyFunctions, unsteadyNames } from './environment.ts';
import { Ledger } from './ledger.ts';
import { readsPath, writesPath } from './paths/touch.ts';
import { keepsStream } from './paths/runs-later.ts';
import { ANY } from './paths/shape.ts';
import { judgeProgram } from './programs/registry.ts';
import type { Verdict } from './verdict.ts';

/** What is known of the task when a text is judged. */
export interface Circumstances {
  /** Paths below /tmp that the same task has made. */
  readonly made?: readonly string[];
  /** The folder it begins in; absent: the home of the account. */
  readonly folder?: string;
}

const DEEPEST = 12;
/** Bodies of loops that are judged once more for another value, in one text. */
const MOST_ROUNDS = 64;

/** What a shell text may do on a host. Pure and total: never throws, and what is not understood is `unknown`. */
export function judgeCommand(text: string, circumstances: Circumstances = {}): Verdict {
  const ledger = new Ledger();
  const script = readShell(text);
  const scope: Scope = {
    folders: new Set([circumstances.folder ?? '/~']),
    functions: new Set(),
    made: new Set(circumstances.made ?? []),
    values: new Map(),
    unsteady: unsteadyNames(script),
    depth: 0,
  };
  try {
    new Judge(ledger).script(script, text, scope, NOTHING);
  } catch (error) {
    ledger.note('unknown', `cannot be judged (${error instanceof Error ? error.name : 'error'})`, text);
  }
  return ledger.verdict();
}

class Judge {
  readonly #ledger: Ledger;
  #rounds = MOST_ROUNDS;
  /** Functions that are certain to be there when what stands after them runs. */
  readonly #steady = new Set<ShellNode>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  script(script: ShellScript, text: string, scope: Scope, stdin: Stream): Stream {
    for (const fault of script.faults)
      this.#ledger.note('unknown', `has ${fault}: what a shell makes of it is not certain`, text);
    for (const one of steadyFunctions(script)) this.#steady.add(one);
    return this.#node(script.body, { ...scope, functions: new Set(scope.functions) }, stdin);
  }

  #text(text: string, stdin: Stream, scope: Scope): Stream {
    if (scope.depth >= DEEPEST) {
      this.#ledger.note('unknown', 'scripts nested too deeply', text);
      return DATA;
    }
    const script = readShell(text);
    const unsteady = new Set([...scope.unsteady, ...unsteadyNames(script)]);
    return this.script(
      script,
      text,
      { ...scope, unsteady, values: new Map(), depth: scope.depth + 1 },
      stdin,
    );
  }

  #node(node: ShellNode, scope: Scope, stdin: Stream): Stream {
    switch (node.kind) {
      case 'command':
        return this.#command(node, scope, stdin);
      case 'pipeline':
        return node.stages.reduce((stream, stage) => this.#node(stage, scope, stream), stdin);
      case 'sequence':
        return this.#sequence(node, scope, stdin);
      case 'function':
        this.#function(node, scope);
        return NOTHING;
      case 'compound':
        return this.#compound(node, scope, stdin);
    }
  }

  #sequence(node: ShellSequence, scope: Scope, stdin: Stream): Stream {
    const streams = node.items.map(item => this.#node(item.node, scope, stdin));
    return streams.length === 1 ? (streams[0] ?? DATA) : together(streams);
  }

  #function(node: ShellFunction, scope: Scope): void {
    if (this.#steady.has(node)) scope.functions.add(node.name);
    const body: ShellScript = {
      body: {
        ...node,
        kind: 'sequence',
        items: [{ node: node.body, background: false, steady: false, after: null }],
      },
      faults: [],
    };
    const callsItself = everyCommand(body).some(
      ({ words: [first] }) => first !== undefined && staticText(first) === node.name,
    );
    if (callsItself)
      this.#ledger.note('forbidden', `${node.name} starts itself again and again`, node.text, 'exhaustion');
    // its arguments are known only where it is called
    this.#node(node.body, { ...scope, values: new Map() }, DATA);
  }

  #compound(node: ShellCompound, scope: Scope, stdin: Stream): Stream {
    const { stdin: given, stdout } = this.#redirections(node.redirections, scope, stdin, node.text);
    const words = node.words.map(word => this.#argument(word, scope));
    if (node.keyword === '[[' && node.text.includes('-v'))
      this.#ledger.note('unknown', 'a test that evaluates a subscript', node.text);
    for (const script of node.scripts) this.script(script, node.text, scope, DATA);
    const rounds = node.variable === null ? [scope] : this.#roundsOf(node.variable, words, scope);
    const streams = rounds.flatMap(round => node.parts.map(part => this.#node(part, round, given)));
    return stdout ?? together(streams);
  }

  /** The scopes of a `for`: one for each value while all of them are known, and few. */
  #roundsOf(variable: string, words: readonly Argument[], scope: Scope): readonly Scope[] {
    const values = words.map(({ text, shape }) => text ?? namesIn(shape));
    const known = values.every(value => value !== null) && !scope.unsteady.has(variable);
    if (!known || values.length === 0 || values.length > this.#rounds)
      return [{ ...scope, values: without(scope.values, variable) }];
    this.#rounds -= values.length;
    return values.map(value => ({ ...scope, values: new Map([...scope.values, [variable, value ?? '']]) }));
  }

  #command(node: SimpleCommand, scope: Scope, stdin: Stream): Stream {
    const args = node.words.map(word => this.#argument(word, scope));
    const argv = args.map(({ text }) => text);
    // what stands beside the words is no part of the command that a rule may allow
    const redirected =
      args.length === 0 ? node.redirections.filter(one => !opensPort(one)) : node.redirections;
    const { stdin: given, stdout } = this.#redirections(redirected, scope, stdin, node.text);
    this.#assignments(node, scope);
    if (args.length === 0) return stdout ?? given;
    const printed = this.#ledger.segment(node.text, argv, () => this.#program(args, node.text, scope, given));
    if (stdout) this.#kept(printed, node, scope);
    return stdout ?? printed;
  }

  #assignments({ assignments, words }: SimpleCommand, scope: Scope): void {
    for (const assignment of assignments) {
      for (const word of assignment.value) {
        const value = this.#argument(word, scope);
        judgeAssignment(assignment, value, words.length === 0, scope, this.#ledger);
      }
      if (assignment.index) this.#argument(assignment.index, scope);
    }
  }

  #program(args: readonly Argument[], words: string, scope: Scope, stdin: Stream): Stream {
    const [first, ...rest] = args;
    if (!first) return stdin;
    const call: Call = {
      name: first.text ?? '',
      args: rest,
      words,
      scope,
      stdin,
      ledger: this.#ledger,
      judgeArguments: (inner, input, place = scope) =>
        this.#ledger.segment(
          inner.map(({ source }) => source).join(' '),
          inner.map(({ text }) => text),
          // another program looks for programs alone
          () =>
            this.#program(inner, words, { ...place, functions: new Set(), depth: place.depth + 1 }, input),
        ),
      judgeText: (text, input, place = scope) => this.#text(text, input, { ...place, functions: new Set() }),
      verdictOf: text => judgeCommand(text),
    };
    if (scope.depth > DEEPEST) {
      this.#ledger.note('unknown', 'commands nested too deeply', words);
      return DATA;
    }
    return judgeProgram(call, first);
  }

  #argument(word: ShellWord, scope: Scope): Argument {
    const streams: Stream[] = [];
    for (const script of word.pieces.flatMap(scriptsOf))
      streams.push(this.script(script, word.text, { ...scope, folders: new Set(scope.folders) }, NOTHING));
    return argumentOf(word, scope, together(streams));
  }

  /** What a command prints goes into a file. */
  #kept(printed: Stream, { redirections, text }: SimpleCommand, scope: Scope): void {
    const call = touching(this.#ledger, scope, text);
    if (printed.text === null && printed.endless !== true) return;
    for (const one of redirections)
      if (one.kind !== 'here' && one.operator.includes('>') && (one.descriptor ?? 1) === 1)
        keepsStream(call, this.#argument(one.target, scope), printed);
  }

  #redirections(
    redirections: readonly ShellRedirection[],
    scope: Scope,
    stdin: Stream,
    words: string,
  ): { readonly stdin: Stream; readonly stdout: Stream | null } {
    let given = stdin;
    let stdout: Stream | null = null;
    for (const one of redirections) {
      const target = this.#argument(one.kind === 'here' ? one.body : one.target, scope);
      const call = touching(this.#ledger, scope, words);
      if (one.kind === 'here') {
        given = { ...DATA, text: target.text, secret: target.stream.secret, remote: target.stream.remote };
      } else if (/^(\d+|-)$/.test(target.source) && one.operator.endsWith('&')) {
        continue;
      } else if (one.operator === '<') {
        const secret = readsPath(call, target) || target.stream.secret;
        if ((one.descriptor ?? 0) === 0) given = { ...DATA, secret, remote: target.stream.remote };
      } else {
        if (one.operator === '<>') readsPath(call, target);
        writesPath(call, target, one.operator.includes('>>') ? 'append' : 'replace');
        if ((one.descriptor ?? 1) === 1 && one.operator !== '<>') stdout = NOTHING;
      }
    }
    return { stdin: given, stdout };
  }
}

/** What a pattern such as `/etc/nginx/*` becomes: names that may have blanks. Null: they may begin in any way. */
function namesIn(shape: string): string | null {
  return shape.startsWith('/') && !shape.startsWith('/~') && !shape.includes(ANY)
    ? shape.replaceAll(/[\uE001\uE002]/g, ANY)
    : null;
}

/** `</dev/tcp/HOST/PORT` without a command: whether the port is open; nothing is sent. */
function opensPort(one: ShellRedirection): boolean {
  if (one.kind === 'here' || one.operator !== '<') return false;
  return /^\/dev\/(tcp|udp)\/[\w.:-]+\/[\w-]+$/.test(staticText(one.target) ?? '');
}

function touching(ledger: Ledger, scope: Scope, words: string): Call {
  const judge = (): Stream => DATA;
  return {
    name: '',
    args: [],
    words,
    scope,
    stdin: NOTHING,
    ledger,
    judgeArguments: judge,
    judgeText: judge,
    verdictOf: text => judgeCommand(text),
  };
}

function without(values: ReadonlyMap<string, string>, name: string): Map<string, string> {
  return new Map([...values].filter(([key]) => key !== name));
}

export function together(streams: readonly Stream[]): Stream {
  return {
    text: null,
    empty: streams.every(({ empty }) => empty),
    secret: streams.some(({ secret }) => secret),
    remote: streams.some(({ remote }) => remote),
  };
}
