import { DeckhandError } from '../core/deckhand-error.ts';
import { type Check, orderSteps, type Plan, planSchema, stepsOf } from '../core/plan.ts';
import { fillRunbook } from '../runbooks/fill-runbook.ts';
import { findRunbook } from '../runbooks/load-runbooks.ts';
import type { Runbook } from '../runbooks/runbook.ts';
import { judgeLook, looksOf } from './judge-look.ts';
import type { FlatCheck, FlatState, FlatStep, PlanAnswer } from './plan-answer.ts';

/** Steps of one plan at most: what needs more is more than one request. */
export const MOST_STEPS = 30;

export interface AnswerPlace {
  readonly intent: string;
  readonly hosts: readonly string[];
  readonly runbooks: readonly Runbook[];
}

/**
 * A model's answer as a plan. Nothing of it is believed: unknown hosts, circles, commands without a check, checks that
 * change something, control characters and too many steps are refused. Throws `plan.invalid`, `plan.empty`,
 * `plan.cyclic` and what the runbook says, each with a message that the model can act on.
 */
export function planFromAnswer(answer: PlanAnswer, place: AnswerPlace): Plan {
  refuseControlCharacters(answer, '');
  if (answer.runbook !== null) return ofRunbook(answer, answer.runbook, place);
  if (answer.steps.length === 0) throw new DeckhandError('plan.empty', 'The plan has no steps.');
  if (answer.steps.length > MOST_STEPS)
    throw invalid(`steps: ${answer.steps.length} are too many; at most ${MOST_STEPS}`);
  const plan = parsed({
    intent: place.intent.slice(0, 4000),
    goal: answer.goal,
    assumptions: answer.assumptions,
    steps: answer.steps.map(step => stepOf(step, place.hosts)),
    postconditions: answer.done.map(checkOf),
    madeBy: 'model',
  });
  return checkPlan(plan, place.hosts);
}

/** What must be true of a plan that a model wrote or changed. Throws `plan.invalid`, `plan.cyclic`, `plan.empty`. */
export function checkPlan(plan: Plan, hosts: readonly string[]): Plan {
  orderSteps(plan);
  if (plan.postconditions.length === 0)
    throw invalid('done: it is empty; name at least one check that proves the goal');
  for (const host of hosts) {
    if (stepsOf(plan, host).length === 0) throw invalid(`steps: none is for the host ${host}`);
  }
  for (const { title, script, author } of looksOf(plan)) {
    const fault = judgeLook(script, author);
    if (fault !== null) throw invalid(`check '${title}': ${fault}; checks only look`);
  }
  return plan;
}

function ofRunbook(answer: PlanAnswer, name: string, { runbooks, intent }: AnswerPlace): Plan {
  if (answer.steps.length > 0) throw invalid('steps: give a runbook or steps, not both');
  const parameters = Object.fromEntries(answer.parameters.map(one => [one.name, one.value]));
  // its steps are its author's; only the values are the model's
  return fillRunbook(findRunbook(runbooks, name), parameters, intent);
}

/** One step in the words of the core. Throws `plan.invalid` for hosts that are none of the request's. */
export function stepOf(flat: FlatStep, hosts: readonly string[]): Readonly<Record<string, unknown>> {
  const stranger = flat.hosts.find(host => !hosts.includes(host));
  if (stranger !== undefined)
    throw invalid(`steps.${flat.id}.hosts: '${stranger}' is not one of ${hosts.join(', ')}`);
  const { timeoutSeconds: timeout, priority, estimateSeconds: estimate, undo, why } = flat;
  return {
    id: flat.id,
    title: flat.title,
    dependsOn: flat.dependsOn,
    states: flat.states.map(stateOf),
    checks: flat.checks.map(checkOf),
    ...(timeout === null ? {} : { timeout }),
    ...(priority === null ? {} : { priority }),
    ...(estimate === null ? {} : { estimate }),
    ...(flat.hosts.length === 0 || flat.hosts.length === hosts.length ? {} : { hosts: flat.hosts }),
    ...(flat.prerequisites.length === 0 ? {} : { prerequisites: flat.prerequisites.map(checkOf) }),
    ...(undo === null || undo.trim() === '' ? {} : { undo }),
    ...(why === '' ? {} : { why }),
    madeBy: 'model',
  };
}

function checkOf({ title, command, root, withinSeconds }: FlatCheck): Check {
  return { title, script: command, privilege: root ? 'root' : 'user', within: withinSeconds ?? 0 };
}

/** Which answers each kind of state takes over as they are. */
const FIELDS: Readonly<Record<FlatState['kind'], readonly (keyof FlatState)[]>> = {
  package: ['name'],
  service: ['name', 'running', 'enabled', 'reloadAfter', 'reloadBy'],
  file: ['path', 'content', 'mode', 'owner', 'group', 'validate'],
  directory: ['path', 'mode', 'owner', 'group'],
  link: ['path', 'target'],
  line: ['path', 'line', 'replace'],
  user: ['name', 'shell', 'system', 'groups', 'authorizedKeys'],
  group: ['name'],
  command: ['title', 'unless', 'creates', 'effects', 'destructive'],
};

function stateOf(flat: FlatState): Readonly<Record<string, unknown>> {
  const taken = FIELDS[flat.kind].filter(field => flat[field] !== null && flat[field] !== '');
  const fields = Object.fromEntries(taken.map(field => [field, flat[field]]));
  if (flat.kind === 'service' || flat.kind === 'user') return { kind: flat.kind, ...fields };
  if (flat.kind === 'command')
    return {
      kind: 'command',
      ...fields,
      script: flat.command,
      privilege: flat.root === false ? 'user' : 'root',
      ...expectedOf(flat),
    };
  return { kind: flat.kind, ...fields, ensure: flat.present === false ? 'absent' : 'present' };
}

function expectedOf({ expectedExitCodes, expectedText }: FlatState): Readonly<Record<string, unknown>> {
  const codes =
    expectedExitCodes === null || expectedExitCodes.length === 0 ? {} : { exitCodes: expectedExitCodes };
  const text = expectedText === null || expectedText === '' ? {} : { text: expectedText };
  const expected = { ...codes, ...text };
  return Object.keys(expected).length === 0 ? {} : { expected };
}

/** Throws `plan.invalid` naming the first field that does not fit. */
export function parsed(plan: Readonly<Record<string, unknown>>): Plan {
  const result = planSchema.safeParse(plan);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'does not fit'}`);
}

/** Newline and tab are text; everything else of that sort has no place in a plan. */
function refuseControlCharacters(value: unknown, place: string): void {
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (typeof value === 'string' && /[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/.test(value))
    throw invalid(`${place}: it has control characters`);
  if (value === null || typeof value !== 'object') return;
  for (const [name, inner] of Object.entries(value))
    refuseControlCharacters(inner, place === '' ? name : `${place}.${name}`);
}

function invalid(fault: string): DeckhandError {
  return new DeckhandError('plan.invalid', `The model's plan cannot be taken: ${fault}.`);
}
