import { posix } from 'node:path';
import type { State } from '../../core/state.ts';
import { judgeCommand } from '../../policy/judge.ts';
import { fullUnit } from '../../states/unit-name.ts';

/** `repository`: where the step's git works, by `-C` or `cd`. */
export type StepValueKind = 'path' | 'folder' | 'repository' | 'unit' | 'group';

/** What a state names itself: the only things that a correction may be about. */
export type StepValues = Readonly<Record<StepValueKind, ReadonlySet<string>>>;

/** Paths without `..`, below the root, written out in full. */
const PLAIN_PATH = /^\/(?!.*(?:^|\/)\.\.(?:\/|$))[^\0\n]*[^/\0\n][^\0\n]*$/;
const UNIT = /^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]*$/;
const ACCOUNT = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Pure. Words of a script count when they are written in it, never what the shell would make of a variable. */
export function stepValues(state: State): StepValues {
  const words = wordsOf(state);
  const paths = words.path.map(path => path.replace(/\/+$/, '')).filter(path => PLAIN_PATH.test(path));
  return {
    path: new Set(paths),
    folder: new Set(paths.map(path => posix.dirname(path)).filter(path => PLAIN_PATH.test(path))),
    repository: new Set(
      words.repository.map(path => path.replace(/\/+$/, '')).filter(path => PLAIN_PATH.test(path)),
    ),
    unit: new Set(words.unit.filter(unit => UNIT.test(unit)).map(fullUnit)),
    group: new Set(words.group.filter(group => ACCOUNT.test(group))),
  };
}

interface Words {
  readonly path: readonly string[];
  readonly repository: readonly string[];
  readonly unit: readonly string[];
  readonly group: readonly string[];
}

const NOTHING: Words = { path: [], repository: [], unit: [], group: [] };

function wordsOf(state: State): Words {
  switch (state.kind) {
    case 'file':
    case 'directory':
    case 'link':
    case 'line':
      return { ...NOTHING, path: [state.path] };
    case 'service':
      return { ...NOTHING, unit: [state.name] };
    case 'user':
      return { ...NOTHING, group: state.groups };
    case 'group':
      return { ...NOTHING, group: [state.name] };
    case 'package':
      return NOTHING;
    case 'command':
      return wordsOfCommand(state);
    default:
      // a kind that names nothing a correction could be about
      return NOTHING;
  }
}

function wordsOfCommand({ script, effects }: Extract<State, { kind: 'command' }>): Words {
  const verdict = judgeCommand(script);
  const declared = (prefix: string): readonly string[] =>
    effects.filter(text => text.startsWith(prefix)).map(text => text.slice(prefix.length).trim());
  const touched = verdict.effects.filter(({ kind }) => kind === 'reads' || kind === 'writes');
  return {
    path: [
      ...verdict.segments.flatMap(({ argv }) => argv).filter(word => word !== null),
      ...touched.map(({ subject }) => subject),
      ...effects,
    ],
    repository: verdict.segments.flatMap(({ argv: [program, first, second] }) =>
      program === 'cd' ? (first ?? []) : program === 'git' && first === '-C' ? (second ?? []) : [],
    ),
    unit: [
      ...declared('service:'),
      ...verdict.effects.filter(({ kind }) => kind === 'service').map(({ subject }) => subject),
    ],
    group: declared('group:'),
  };
}
