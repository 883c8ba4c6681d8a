import { IMPROVE_INSTRUCTIONS, improvedSchema, type ImprovedRequest, requestText } from '../agent/improve.ts';
import { fence } from '../agent/evidence.ts';
import { planByModel } from '../agent/plan-by-model.ts';
import { groupFacts, planPrompt } from '../agent/plan-prompt.ts';
import { taintOf } from '../agent/taint.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { Plan } from '../core/plan.ts';
import type { AgentRunParams } from '../core/task-params.ts';
import { AgentMind, type RunMemory, workedTime } from './agent-memory.ts';
import type { TaskWork } from './task-kind.ts';

type Work = TaskWork<AgentRunParams>;
/** The request is clear to no runbook: then a model is asked, when there is one. */
const FOR_A_MODEL = new Set(['plan.no-match', 'plan.ambiguous', 'plan.parameter-missing']);

/** Who thinks for a run: null = no model is set, and none was asked for. */
export async function mindOf(work: Work, memory: RunMemory, signal: AbortSignal): Promise<AgentMind | null> {
  const { model: name, budget = {} } = work.params;
  const model = await work.planningModel({ ...(name === undefined ? {} : { model: name }), signal });
  const worked = (): number => workedTime(work.task.startedAt, work.approved, work.clock.now());
  return model && new AgentMind(model, memory, budget, { signal, worked });
}

/**
 * The plan of a run, made once: what a person approved is what later claims carry out. A runbook that surely fits
 * needs no model, unless one was asked for by name. When a model is down, nothing else is planned instead (T20).
 */
export async function planOf(work: Work, memory: RunMemory, signal: AbortSignal): Promise<Plan> {
  const { params } = work;
  if (params.plan) return params.plan;
  const known = memory.get('plan')?.['plan'];
  if (known) return known as Plan;
  const plan = await makePlan(work, memory, signal);
  await memory.keep('plan', { plan });
  return plan;
}

async function makePlan(work: Work, memory: RunMemory, signal: AbortSignal): Promise<Plan> {
  const { params, hosts } = work;
  const intent = params.intent ?? '';
  if (params.runbook !== undefined || params.model === undefined) {
    try {
      return await hosts.plan({ intent, parameters: params.parameters, runbook: params.runbook });
    } catch (error) {
      if (params.runbook !== undefined || !FOR_A_MODEL.has(toDeckhandError(error).code)) throw error;
      const mind = await mindOf(work, memory, signal);
      if (!mind) throw error;
      return await thinkPlan(work, memory, mind, signal);
    }
  }
  const mind = await mindOf(work, memory, signal);
  if (!mind) throw new DeckhandError('planner.unknown', `There is no planning model '${params.model}'.`);
  return await thinkPlan(work, memory, mind, signal);
}

/** Reads the facts, makes the request clear, plans. */
async function thinkPlan(work: Work, memory: RunMemory, mind: AgentMind, signal: AbortSignal): Promise<Plan> {
  const { params, hosts } = work;
  if ((params.intent ?? '').trim() === '')
    throw new DeckhandError('input.invalid', 'intent: it is empty; say what should be true.', {
      details: { field: 'intent' },
    });
  work.phase('reading facts');
  const facts = await factsOf(work, params.hosts, signal);
  work.phase('planning');
  const request = await improvedRequest(work, memory, mind, signal);
  await memory.keep('request', { ...request });
  const runbooks = await hosts.runbooks();
  const history = earlierText(params);
  const prompt = planPrompt({ request, groups: groupFacts(facts), runbooks, history });
  const place = { intent: params.intent ?? '', hosts: params.hosts, runbooks };
  const plan = await planByModel(mind.ask, { name: 'plan', prompt }, place);
  const outcomes = (params.earlier ?? []).map(({ outcome }) => outcome);
  const untrusted = [...facts.flatMap(({ facts: one }) => freeTextOf(one)), ...outcomes];
  return marked(plan, request, untrusted, params);
}

/** The talk so far: requests are the person's, outcomes quote hosts. */
function earlierText({ earlier = [] }: AgentRunParams): readonly string[] {
  return earlier.flatMap(({ intent, outcome }) => [`Asked before: ${intent}`, fence('outcome', outcome)]);
}

/** Assumptions that were made for the person are said in the plan; values that only hosts spoke of are doubted. */
export function marked(
  plan: Plan,
  request: ImprovedRequest,
  untrusted: readonly string[],
  params: AgentRunParams,
  shown: readonly string[] = [],
): Plan {
  const said = (params.earlier ?? []).map(({ intent }) => intent);
  const trusted = [
    requestText(request),
    ...said,
    ...Object.values(params.parameters),
    ...params.hosts,
    ...shown,
  ];
  const doubts = taintOf(plan, { trusted, untrusted });
  const assumptions = [...new Set([...plan.assumptions, ...request.assumed])].slice(0, 100);
  return { ...plan, assumptions, ...(doubts.length === 0 ? {} : { doubts: [...doubts] }) };
}

/** The facts of every host that can be reached. Throws the first host's error when none can. */
export async function factsOf(
  { hosts, cancel }: Pick<Work, 'hosts' | 'cancel'>,
  names: readonly string[],
  signal: AbortSignal,
  refresh = false,
): Promise<readonly { readonly host: string; readonly facts: Readonly<Record<string, unknown>> }[]> {
  const asked = await Promise.allSettled(
    names.map(async host => ({ host, ...(await hosts.facts(host, refresh, signal)) })),
  );
  cancel.throwIfAborted();
  const known = asked.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []));
  const refused = asked.find(one => one.status === 'rejected');
  if (known.length === 0 && refused) throw refused.reason;
  return known.map(({ host, facts }) => ({ host, facts }));
}

/** What of the facts a host, or whoever has an account there, words freely. */
export function freeTextOf(facts: Readonly<Record<string, unknown>>): readonly string[] {
  const record = (value: unknown): Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
  const texts = [
    facts['hostname'],
    record(facts['os'])['prettyName'],
    record(facts['processor'])['model'],
    ...list(facts['gpus']).map(gpu => record(gpu)['name']),
    ...list(facts['disks']).map(disk => record(disk)['mount']),
  ];
  return texts.filter(text => typeof text === 'string' && text.length > 1).map(String);
}

/** The request as a model understood it, with the person's answers where there was somebody to ask. */
async function improvedRequest(
  work: Work,
  memory: RunMemory,
  mind: AgentMind,
  signal: AbortSignal,
): Promise<ImprovedRequest> {
  const { params } = work;
  const intent = params.intent ?? '';
  const kept = memory.get('request');
  if (kept) return kept as unknown as ImprovedRequest;
  if (!(params.improve ?? work.hosts.settings['agent.improve']))
    return { intent, improved: null, answered: [], assumed: [] };
  const wish = params.model === undefined ? { signal } : { model: params.model, signal };
  const improved =
    (await work.improvedElsewhere(intent, wish)) ??
    (await mind.ask({
      name: 'improve',
      role: 'improve',
      instructions: IMPROVE_INSTRUCTIONS,
      prompt: `Request:\n${intent}\n\nHosts: ${params.hosts.join(', ')}`,
      schema: improvedSchema,
      schemaName: 'request',
    }));
  const answered: { question: string; answer: string }[] = [];
  const assumed: string[] = [];
  for (const { question, assumed: otherwise } of improved.questions) {
    const answer =
      params.approve === 'ask' ? await work.ask({ ask: 'clarify', host: '', question, otherwise }) : null;
    if (answer === null || answer.trim() === '') assumed.push(`${question} ${otherwise}`);
    else answered.push({ question, answer: answer.slice(0, 2000) });
  }
  for (const text of [...improved.assumptions, ...assumed])
    work.emit({ kind: 'note', text: `assumed: ${text}` });
  return { intent, improved, answered, assumed };
}
