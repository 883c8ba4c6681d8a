import { DeckhandError } from '../../core/deckhand-error.ts';
import type { DiffLine } from '../../core/run-report.ts';
import type { State } from '../../core/state.ts';
import { quote } from '../../shell/quote.ts';
import { applyState, privilegeOf } from '../../states/registry.ts';
import { FAILURE_SIGNATURES } from './registry.ts';
import type { Recognised } from './recognise.ts';
import type { Repair, Rerun } from './signature.ts';
import { fullUnit } from '../../states/unit-name.ts';
import { type StepValues, stepValues } from './step-values.ts';

/** Corrections of one step at most. */
export const MOST_CORRECTIONS = 2;

export interface ChosenCorrection {
  readonly signature: string;
  readonly title: string;
  /** Runs first; null: nothing has to. */
  readonly script: string | null;
  /** Runs after it, once: the script of the state, as it is or in other surroundings. */
  readonly rerun: string;
  /** What will be run differently, for people. */
  readonly diff: readonly DiffLine[];
  /** What is added, as the policy judges it. */
  readonly added: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly leave: string | null;
}

/** What has been corrected in this step, and what nobody wants to be corrected. */
export interface Restraint {
  readonly tried: readonly string[];
  readonly off: ReadonlySet<string>;
}

/** In place of the name of a row: none is made. */
export const ALL_OFF = 'all';

/** Throws `settings.invalid` for what is the name of no row. */
export function requireKnown(names: readonly string[]): void {
  const known = new Set([ALL_OFF, ...FAILURE_SIGNATURES.map(({ id }) => id)]);
  const unknown = names.find(name => !known.has(name));
  if (unknown === undefined) return;
  throw new DeckhandError('settings.invalid', `corrections.off: '${unknown}' is no known failure.`, {
    hint: 'docs/what-is-corrected.md lists their names; `all` switches every correction off.',
  });
}

/**
 * The correction for what was recognised: the first row that can be made of constants and of what the state names
 * itself. Each at most once and two at most in one step; undefined when there is none to make. Pure.
 */
export function chooseCorrection(
  recognised: readonly Recognised[],
  state: State,
  { tried, off }: Restraint,
): ChosenCorrection | undefined {
  if (tried.length >= MOST_CORRECTIONS || off.has(ALL_OFF)) return undefined;
  const values = stepValues(state);
  const root = privilegeOf(state) === 'root';
  for (const { signature, subject } of recognised) {
    const { id, action } = signature;
    // an explanation that is more special than a repair stands in its way
    if (action.kind === 'explain') return undefined;
    if (action.kind !== 'repair' || tried.includes(id) || off.has(id)) continue;
    if (!root && action.needsRoot !== false) continue;
    const script = scriptOf(action, values, subject);
    if (script !== undefined) return correction(id, action, script, state);
  }
  return undefined;
}

/** Null: nothing runs first. Undefined: the failure is not about what the state names. */
function scriptOf(
  action: Repair,
  values: StepValues,
  subject: string | undefined,
): string | null | undefined {
  const { script } = action;
  if (script === undefined) return null;
  if (typeof script === 'string') return script;
  const candidates = values[script.takes];
  const value = subject === undefined ? onlyOne(candidates) : named(candidates, subject, script.takes);
  return value === undefined ? undefined : script.script(value);
}

function onlyOne(values: ReadonlySet<string>): string | undefined {
  const [first] = values;
  return values.size === 1 ? first : undefined;
}

/** The step's own word that equals what the host said; never the host's. */
function named(values: ReadonlySet<string>, subject: string, takes: keyof StepValues): string | undefined {
  const wanted = takes === 'unit' ? fullUnit(subject) : subject.replace(/\/+$/, '');
  return [...values].find(value => value === wanted);
}

function correction(id: string, action: Repair, script: string | null, state: State): ChosenCorrection {
  const original = applyState(state);
  const rerun = action.rerun ? otherwise(original, action.rerun) : original;
  return {
    signature: id,
    title: action.title,
    script,
    rerun,
    diff: diffOf(script, action.rerun),
    added: [script ?? '', action.rerun && 'prefix' in action.rerun ? action.rerun.prefix : '']
      .join('\n')
      .trim(),
    timeout: action.timeout,
    leave: action.leave ?? null,
  };
}

function diffOf(script: string | null, rerun: Rerun | undefined): readonly DiffLine[] {
  const first = script === null ? [] : [{ field: 'run first', before: '', after: script }];
  if (!rerun) return first;
  return 'prefix' in rerun
    ? [...first, { field: 'run again with', before: '', after: rerun.prefix }]
    : [...first, { field: 'run again by', before: 'sh', after: rerun.shell }];
}

/** The same text, whole; nothing in it is changed. */
function otherwise(script: string, how: Rerun): string {
  return 'prefix' in how ? `${how.prefix}\n${script}` : `exec bash -c ${quote(script)}\n`;
}
