import type { Privilege } from '../core/command-run.ts';
import type { DiffLine } from '../core/run-report.ts';
import type { Effect, State } from '../core/state.ts';
import { sanitiseText, tailOf } from '../core/untrusted.ts';

export type { DiffLine } from '../core/run-report.ts';

/** What a check found. `holds` is null when it could not be decided; `detail` then says why. */
export interface Observation {
  readonly holds: boolean | null;
  readonly diff: readonly DiffLine[];
  /** Evidence; sanitised and bounded. */
  readonly detail: string;
}

/** What the host said, by name; a name may come several times. */
export type Facts = ReadonlyMap<string, readonly string[]>;

/** Everything Deckhand knows of one kind of state. */
export interface StateKind<Wanted extends State> {
  /** `file /etc/motd`, for plans and reports. */
  describe(state: Wanted): string;
  /** POSIX sh fragment that prints facts by the functions of `check-prelude.ts`; changes nothing. */
  check(state: Wanted): string;
  /** One fragment for all states of this kind; every state is then judged by the same facts. */
  checkAll?(states: readonly Wanted[]): string;
  judge(state: Wanted, facts: Facts): Observation;
  /** Whole POSIX sh script; running it twice is the same as running it once. */
  apply(state: Wanted): string;
  effects(state: Wanted): readonly Effect[];
  privilege(state: Wanted): Privilege;
}

const DETAIL_LIMIT = 16_000;

export function factOf(facts: Facts, name: string): string | undefined {
  return facts.get(name)?.[0];
}

/** Holds exactly when there is no difference. */
export function observe(diff: readonly DiffLine[], detail = ''): Observation {
  const clean = diff.map(line => ({
    field: line.field,
    before: sanitiseText(line.before),
    after: sanitiseText(line.after),
  }));
  return { holds: diff.length === 0, diff: clean, detail: tailOf(sanitiseText(detail), DETAIL_LIMIT) };
}

export function undecided(reason: string): Observation {
  return { holds: null, diff: [], detail: tailOf(sanitiseText(reason), DETAIL_LIMIT) };
}

/** A difference when the two texts differ, else nothing. */
export function difference(field: string, before: string, after: string): readonly DiffLine[] {
  return before === after ? [] : [{ field, before, after }];
}
