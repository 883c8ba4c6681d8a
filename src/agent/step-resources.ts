import { orderSteps, type Plan, type Step } from '../core/plan.ts';
import type { State } from '../core/state.ts';
import { judgeCommand } from '../policy/judge.ts';
import { fullUnit } from '../states/unit-name.ts';
import { mayLoseWayIn } from './undo/regressions.ts';

/** Where the steps of a host stand. */
export interface StepsUnderway {
  readonly ended: ReadonlySet<string>;
  readonly running: ReadonlySet<string>;
  /** Steps at the same time. */
  readonly limit: number;
  /** False: one after the other, as they are written. */
  readonly free: boolean;
}

/**
 * Steps that may begin now, the higher priority first. A step waits for what it depends on, and for every earlier one
 * that touches the same; so steps that are in each other's way keep the order of the plan. Pure.
 */
export function nextSteps(steps: readonly Step[], underway: StepsUnderway): readonly Step[] {
  const { ended, running, limit, free } = underway;
  const open = steps.filter(({ id }) => !ended.has(id));
  if (!free) return running.size > 0 ? [] : open.slice(0, 1);
  const ready = open.filter(
    (step, index) =>
      !running.has(step.id) &&
      step.dependsOn.every(id => ended.has(id)) &&
      open.slice(0, index).every(earlier => !conflict(earlier, step)) &&
      open.every(other => !running.has(other.id) || !conflict(other, step)),
  );
  const ordered = ready.toSorted((one, other) => (other.priority ?? 50) - (one.priority ?? 50));
  return ordered.slice(0, Math.max(0, limit - running.size));
}

/** For each step those it waits for, directly or through others. Throws what `orderSteps` throws. Pure. */
export function waitsFor(plan: Pick<Plan, 'steps'>): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const { id, dependsOn } of orderSteps(plan))
    found.set(id, new Set(dependsOn.flatMap(one => [one, ...(found.get(one) ?? [])])));
  return found;
}

/** The steps that may run at the same time as this one on one host; `earlier` is `waitsFor` of their plan. */
export function besides(
  { steps }: Pick<Plan, 'steps'>,
  step: Step,
  earlier: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] {
  const after = (one: Step, other: Step): boolean => earlier.get(one.id)?.has(other.id) === true;
  return steps
    .filter(other => other.id !== step.id && !after(step, other) && !after(other, step))
    .filter(other => !conflict(other, step))
    .map(({ id }) => id);
}

/** Do two steps touch the same, or what only one may use at a time? */
export function conflict(one: Step, other: Step): boolean {
  const [mine, theirs] = [resourcesOf(one), resourcesOf(other)];
  if (mine.alone || theirs.alone) return true;
  return mine.touches.some(left => theirs.touches.some(right => sameResource(left, right)));
}

/** Full names of the units that a step declares, or that its commands are understood to touch. */
export function unitsOf(step: Step): readonly string[] {
  return resourcesOf(step).touches.flatMap(one => (one.startsWith('unit ') ? [one.slice(5)] : []));
}

interface Resources {
  /** Nothing runs beside it. */
  readonly alone: boolean;
  /** `path /etc/motd`, `unit nginx`, `account ada`. */
  readonly touches: readonly string[];
}

/** Each step is compared with each other one, again after every step; what its commands mean is read once. */
const known = new WeakMap<Step, Resources>();

function resourcesOf(step: Step): Resources {
  const found = known.get(step) ?? readResources(step);
  known.set(step, found);
  return found;
}

/** A step that may do anything, installs, or changes the way in has the host for itself. */
function readResources(step: Step): Resources {
  const parts = step.states.map(resourcesOfState);
  const shielded = step.states.some(({ kind }) => kind !== 'command') && mayLoseWayIn(step);
  return {
    alone: shielded || parts.some(({ alone }) => alone),
    touches: parts.flatMap(({ touches }) => touches),
  };
}

const ALONE: Resources = { alone: true, touches: [] };

function resourcesOfState(state: State): Resources {
  const only = (...touches: readonly string[]): Resources => ({ alone: false, touches });
  switch (state.kind) {
    case 'file':
    case 'directory':
      return only(`path ${state.path}`, `account ${state.owner}`, `account ${state.group}`);
    case 'line':
    case 'link':
      return only(`path ${state.path}`);
    case 'service':
      return only(`unit ${fullUnit(state.name)}`, ...state.reloadAfter.map(path => `path ${path}`));
    case 'user':
    case 'group':
      // one file has all accounts
      return only(`account ${state.name}`, 'accounts');
    case 'command':
      return resourcesOfCommand(state);
    case 'package':
    case 'restored':
      return ALONE;
  }
}

/** Only what the policy understands whole can stand beside something else. */
function resourcesOfCommand(state: Extract<State, { kind: 'command' }>): Resources {
  const verdict = judgeCommand(state.script);
  const known = verdict.class === 'read-only' || verdict.class === 'change';
  const declared = state.effects.every(effect => /^(?:\/|service:)/.test(effect));
  if (
    !known ||
    !declared ||
    verdict.risks.length > 0 ||
    verdict.effects.some(({ subject }) => subject === '?')
  )
    return ALONE;
  const touches = verdict.effects.flatMap(({ kind, subject }) => {
    if (kind === 'reads' || kind === 'writes' || kind === 'removes') return [`path ${subject}`];
    if (kind === 'service') return [`unit ${fullUnit(subject)}`];
    return kind === 'runs' || kind === 'network' ? [] : ['other'];
  });
  const own = state.effects.map(effect =>
    effect.startsWith('/') ? `path ${effect}` : `unit ${fullUnit(effect.slice('service:'.length).trim())}`,
  );
  const made = state.creates === undefined ? [] : [`path ${state.creates}`];
  return touches.includes('other') ? ALONE : { alone: false, touches: [...touches, ...own, ...made] };
}

/** Equal, or one path inside the other; root as an account is in nobody's way. */
function sameResource(one: string, other: string): boolean {
  if (one === 'account root') return false;
  if (one === other) return true;
  if (!one.startsWith('path ') || !other.startsWith('path ')) return false;
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}
