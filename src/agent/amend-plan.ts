import { DeckhandError } from '../core/deckhand-error.ts';
import type { Plan, Step } from '../core/plan.ts';
import type { FlatStep } from './plan-answer.ts';
import { checkPlan, parsed, stepOf } from './plan-from-answer.ts';

export interface Amendment {
  readonly action: 'replace' | 'insert' | 'skip';
  readonly host: string;
  readonly stepId: string;
  readonly steps: readonly FlatStep[];
  /** Appended to ids so that no id comes twice: the number of the repair. */
  readonly mark: number;
}

/**
 * The plan with one step repaired on one host; on the others it stays as it is. Throws `plan.invalid` when the
 * repair cannot be taken.
 */
export function amendPlan(plan: Plan, hosts: readonly string[], amendment: Amendment): Plan {
  const { action, host, stepId } = amendment;
  const failed = plan.steps.find(({ id }) => id === stepId);
  if (!failed) throw new DeckhandError('plan.invalid', `The plan has no step '${stepId}'.`);
  const elsewhere = (failed.hosts ?? hosts).filter(one => one !== host);
  const steps =
    action === 'skip' ? without(plan, hosts, host, stepId) : woven(plan, failed, elsewhere, amendment);
  if (steps.length === 0) throw new DeckhandError('plan.invalid', 'Without this step the plan is empty.');
  const amended = parsed({ ...plan, steps });
  return action === 'skip' ? amended : checkPlan(amended, hosts);
}

/** The failed step is left out on this host, and what waits for it as well. */
function without(plan: Plan, hosts: readonly string[], host: string, stepId: string): readonly Step[] {
  const left = new Set([stepId]);
  for (let size = 0; size !== left.size; ) {
    size = left.size;
    for (const { id, dependsOn } of plan.steps) if (dependsOn.some(one => left.has(one))) left.add(id);
  }
  const narrowed = plan.steps.flatMap(step => {
    if (!left.has(step.id)) return [step];
    const others = (step.hosts ?? hosts).filter(one => one !== host);
    return others.length === 0 ? [] : [{ ...step, hosts: others }];
  });
  const there = new Set(narrowed.map(({ id }) => id));
  return narrowed.map(step => ({ ...step, dependsOn: step.dependsOn.filter(id => there.has(id)) }));
}

function woven(
  plan: Plan,
  failed: Step,
  elsewhere: readonly string[],
  { action, host, steps, mark }: Amendment,
): readonly unknown[] {
  if (steps.length === 0)
    throw new DeckhandError('plan.invalid', `steps: '${action}' needs at least one step.`);
  const named = new Map(steps.map(({ id }) => [id, marked(id, mark)]));
  const fresh = steps.map((flat, index) => {
    const before = index === 0 ? failed.dependsOn : [marked(steps[index - 1]?.id ?? '', mark)];
    const wanted = flat.dependsOn.map(id => named.get(id) ?? id).filter(id => id !== failed.id);
    return {
      ...stepOf({ ...flat, hosts: [] }, [host]),
      id: named.get(flat.id),
      dependsOn: [...new Set([...wanted, ...before])],
      hosts: [host],
    };
  });
  const last = marked(steps.at(-1)?.id ?? '', mark);
  const others = elsewhere.length === 0 ? [] : [{ ...failed, hosts: [...elsewhere] }];
  if (action === 'replace') return replaced(plan, failed.id, last, { others, fresh });
  const again = {
    ...failed,
    id: others.length === 0 ? failed.id : marked(failed.id, mark),
    hosts: [host],
    dependsOn: [...failed.dependsOn, last],
  };
  return replaced(plan, failed.id, again.id, { others, fresh: [...fresh, again] });
}

/** Others' step stays; here `fresh` stands for it, and whoever waited for it waits for `stand` as well. */
function replaced(
  plan: Plan,
  failed: string,
  stand: string,
  { others, fresh }: { readonly others: readonly Step[]; readonly fresh: readonly unknown[] },
): readonly unknown[] {
  const waits = (ids: readonly string[]): readonly string[] =>
    ids.includes(failed)
      ? [...new Set([...ids.filter(id => id !== failed || others.length > 0), stand])]
      : ids;
  return plan.steps.flatMap((step): readonly unknown[] =>
    step.id === failed ? [...others, ...fresh] : [{ ...step, dependsOn: waits(step.dependsOn) }],
  );
}

function marked(id: string, mark: number): string {
  return `${id.slice(0, 58)}-r${mark}`;
}
