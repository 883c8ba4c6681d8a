import type { RunBudget } from '../core/task-params.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { PlanningModel, PlanningUsage } from '../core/planning-model.ts';
import type { AskMind, MindCall } from '../agent/plan-by-model.ts';
import type { TaskWork } from './task-kind.ts';

type Kept = Readonly<Record<string, unknown>>;
type Work = Pick<TaskWork<unknown>, 'steps' | 'remember' | 'clock' | 'task'>;

/** What a run knows across claims: what earlier claims remembered, and what this one does. */
export class RunMemory {
  readonly #steps: Map<string, Kept>;
  readonly #remember: Work['remember'];

  constructor({ steps, remember }: Pick<Work, 'steps' | 'remember'>) {
    this.#steps = new Map(steps);
    this.#remember = remember;
  }

  get(name: string): Kept | undefined {
    return this.#steps.get(name);
  }

  /** How many names begin so. */
  count(prefix: string): number {
    return [...this.#steps.keys()].filter(name => name.startsWith(prefix)).length;
  }

  /** Kept before it resolves. */
  async keep(name: string, value: Kept): Promise<void> {
    this.#steps.set(name, value);
    await this.#remember(name, value);
  }

  /** What is there already counts for this claim as well. */
  note(name: string): void {
    this.#steps.set(name, {});
  }

  values(prefix: string): readonly Kept[] {
    return [...this.#steps].flatMap(([name, value]) => (name.startsWith(prefix) ? [value] : []));
  }
}

const SAID = 'model: ';
/** Characters of a token, roughly, where the server does not count. */
const TOKEN = 4;

export interface Spent {
  readonly calls: number;
  readonly tokens: number;
  readonly cost: number;
}

/** A planning model whose answers are asked for once in a run, whatever dies in between, within the run's budget. */
export class AgentMind {
  readonly #model: PlanningModel;
  readonly #memory: RunMemory;
  readonly #budget: RunBudget;
  readonly #signal: AbortSignal;
  readonly #worked: () => number;

  /** `worked`: as `workedTime` says. */
  constructor(
    model: PlanningModel,
    memory: RunMemory,
    budget: RunBudget,
    { signal, worked }: { readonly signal: AbortSignal; readonly worked: () => number },
  ) {
    this.#model = model;
    this.#memory = memory;
    this.#budget = budget;
    this.#signal = signal;
    this.#worked = worked;
  }

  /** Throws what the model does (`planner.…`); `planner.budget-exhausted` before a call that is not paid for. */
  readonly ask: AskMind = async <Value>({ name, ...call }: MindCall<Value>): Promise<Value> => {
    const known = this.#memory.get(SAID + name);
    if (known) return call.schema.parse(known['value']);
    requireBudget(spentOf(this.#memory), this.#budget);
    requireTime(this.#worked(), this.#budget);
    const { value, usage, model } = await this.#model.ask({ ...call, signal: this.#signal });
    const tokens = tokensOf(usage, call.instructions.length + call.prompt.length, value);
    await this.#memory.keep(SAID + name, { value, model, tokens, cost: usage.cost ?? 0 });
    return value;
  };
}

/** What the run has asked of models so far. */
export function spentOf(memory: RunMemory): Spent {
  const said = memory.values(SAID);
  const sum = (field: string): number => said.reduce((total, one) => total + Number(one[field] ?? 0), 0);
  return { calls: said.length, tokens: sum('tokens'), cost: sum('cost') };
}

function tokensOf({ promptTokens, completionTokens }: PlanningUsage, asked: number, value: unknown): number {
  const answered = JSON.stringify(value ?? null).length;
  return (promptTokens ?? Math.ceil(asked / TOKEN)) + (completionTokens ?? Math.ceil(answered / TOKEN));
}

function requireBudget({ tokens, cost }: Spent, budget: RunBudget): void {
  if (budget.tokens !== undefined && tokens >= budget.tokens)
    throw exhausted(`${tokens} of ${budget.tokens} tokens`);
  if (budget.cost !== undefined && cost >= budget.cost)
    throw exhausted(`${cost} of a cost of ${budget.cost}`);
}

/** Throws `planner.budget-exhausted` before something that would take more time than there is. */
export function requireTime(worked: number, { time }: RunBudget): void {
  if (time !== undefined && worked >= time) throw exhausted(`${worked} of ${time} ms`);
}

/** Milliseconds that a run has worked; while it waited for a person's answer it did not. */
export function workedTime(
  startedAt: number | null,
  approved: readonly { readonly askedAt: number; readonly decidedAt: number | null }[],
  now: number,
): number {
  if (startedAt === null) return 0;
  const waited = approved.reduce(
    (sum, { askedAt, decidedAt }) => sum + ((decidedAt ?? askedAt) - askedAt),
    0,
  );
  return Math.max(0, now - startedAt - waited);
}

/** A budget that is used up, in words. */
export function exhausted(what: string): DeckhandError {
  return new DeckhandError('planner.budget-exhausted', `The run has used up its budget: ${what}.`);
}
