import { DeckhandError } from '../../core/deckhand-error.ts';
import { orderSteps, type Plan, type Step } from '../../core/plan.ts';
import type { HostReport, RunReport, StepReport, StepUndo, UndoSubject } from '../../core/run-report.ts';
import type { UndoPlan, UndoWish } from '../../core/run-remake.ts';
import { undoStates, undoStep } from './undo-step.ts';
import { irreversibleOf } from './uncovered.ts';

/**
 * A run, or steps of it, as a plan that takes them back: latest step first, each thing to how it was before the first
 * step that touched it. Judged, shown, approved and proved like any plan. Throws `undo.nothing-kept`, `input.invalid`.
 */
export function undoPlan(report: RunReport, wish: UndoWish = {}): UndoPlan {
  const parts = report.hosts.map(host => undoHost(report, host, wish));
  const steps = parts.flatMap(part => part.steps);
  const uncovered = [...new Set(parts.flatMap(part => part.uncovered))];
  if (steps.length === 0) {
    const why = uncovered.length === 0 ? 'it changed nothing' : uncovered.slice(0, 5).join('; ');
    throw new DeckhandError('undo.nothing-kept', `${report.id}: nothing can be taken back: ${why}.`);
  }
  const except = uncovered.length === 0 ? '' : `, except what is named as not covered (${uncovered.length})`;
  const plan: Plan = {
    intent: `undo ${report.id}`,
    goal: `what ${report.id} changed is as it was before${except}`,
    assumptions: uncovered.map(text => `not taken back: ${text}`),
    runbook: null,
    parameters: {},
    steps,
    postconditions: [],
    report: [],
  };
  return { plan, hosts: parts.filter(part => part.steps.length > 0).map(({ host }) => host), uncovered };
}

interface UndoneHost {
  readonly host: string;
  readonly steps: readonly Step[];
  readonly uncovered: readonly string[];
}

function undoHost({ plan, hosts }: RunReport, { host, steps }: HostReport, wish: UndoWish): UndoneHost {
  const known = new Map(orderSteps(plan).map(step => [step.id, step]));
  const wanted = steps.filter(
    (step, index) => wish.steps?.some(one => one === step.id || one === String(index + 1)) ?? true,
  );
  if (wish.steps && wanted.length === 0)
    throw new DeckhandError('input.invalid', `The run has no step ${wish.steps.join(', ')} on ${host}.`, {
      hint: `Its steps: ${steps.map(({ id }) => id).join(', ')}.`,
    });
  const mark = hosts.length === 1 ? '' : `h${hosts.findIndex(one => one.host === host) + 1}-`;
  const uncovered: string[] = [];
  const made: Step[] = [];
  for (const report of wanted.filter(({ id }) => isDone(steps, id)).toReversed()) {
    const step = known.get(report.id) ?? nameOnly(report);
    uncovered.push(...whatIsNot(step, report).map(text => `${host}, ${report.id}: ${text}`));
    const states = undoStates({ step, report: firstTouch(report, wanted) }, wish.anyway);
    if (states.length === 0) continue;
    const before = made.at(-1);
    const named = { ...step, id: `${mark}${report.id}`, title: report.title };
    made.push(undoStep(named, states, { dependsOn: before ? [before.id] : [], hosts: [host] }));
  }
  return { host, steps: made, uncovered };
}

function isDone(steps: readonly StepReport[], id: string): boolean {
  const report = steps.find(step => step.id === id);
  return (
    report !== undefined &&
    report.undone === undefined &&
    (report.changes.length > 0 || report.undo !== undefined)
  );
}

/** A step that a repair has replaced since is known by its report alone. */
function nameOnly({ id, title }: StepReport): Step {
  return { id, title, dependsOn: [], states: [], checks: [], timeout: 600 };
}

function whatIsNot(step: Step, { undo, changes }: StepReport): readonly string[] {
  if (changes.length > 0 && !undo) return ['nothing was kept before it'];
  return [...new Set([...irreversibleOf(step), ...(undo?.uncovered ?? [])])];
}

/** The report with what it touched first in the run; `left` is how the last step that touched it left it. */
function firstTouch(report: StepReport, all: readonly StepReport[]): StepReport {
  const { undo } = report;
  if (!undo) return report;
  const mine = all.findIndex(({ id }) => id === report.id);
  const touches = (step: StepReport, name: string): boolean =>
    step.undo?.subjects.some(one => keyOf(one) === name) === true;
  const subjects = undo.subjects
    .filter(subject => !all.slice(0, mine).some(step => touches(step, keyOf(subject))))
    .map(subject => ({ ...subject, left: lastLeft(subject, all) }));
  return { ...report, undo: { ...undo, subjects, packages: firstPackages(undo, all, mine) } };
}

function lastLeft(subject: UndoSubject, all: readonly StepReport[]): string {
  const last = all.findLast(step => step.undo?.subjects.some(one => keyOf(one) === keyOf(subject)));
  return last?.undo?.subjects.find(one => keyOf(one) === keyOf(subject))?.left ?? subject.left;
}

function firstPackages(undo: StepUndo, all: readonly StepReport[], mine: number): StepUndo['packages'] {
  const earlier = new Set(
    all.slice(0, mine).flatMap(step => step.undo?.packages.map(({ name }) => name) ?? []),
  );
  const last = new Map(all.flatMap(step => step.undo?.packages.map(({ name, left }) => [name, left]) ?? []));
  return undo.packages
    .filter(({ name }) => !earlier.has(name))
    .map(one => ({ ...one, left: last.get(one.name) ?? one.left }));
}

/** A folder kept whole and the same one by its rights are one thing. */
function keyOf({ of, name }: UndoSubject): string {
  return `${of === 'tree' ? 'path' : of} ${name}`;
}
