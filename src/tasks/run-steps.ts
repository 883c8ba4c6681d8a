import { nextSteps } from '../agent/step-resources.ts';
import type { Step } from '../core/plan.ts';
import type { StepReport } from '../core/run-report.ts';
import type { StepPort } from './apply-step.ts';
import type { Observations } from './check-host.ts';
import { type ConfirmStep, runStep } from './run-step.ts';

/** What earlier claims of the same run finished: looked up by step, and added to. */
export interface StepMemory {
  readonly finished: (stepId: string) => StepReport | undefined;
  readonly remember: (report: StepReport) => Promise<void>;
  /** True: an earlier claim has begun to change something for it, and has not seen its end. */
  readonly begun: (stepId: string) => boolean;
  /** Kept before it resolves. */
  readonly begin: (stepId: string) => Promise<void>;
}

/** How the steps of one host are run. */
export interface StepOptions {
  readonly confirm?: ConfirmStep;
  readonly memory?: StepMemory;
  /** Steps at the same time; default 1. */
  readonly limit?: number;
}

interface Surroundings extends StepOptions {
  readonly look: Observations;
  /** True: what does not depend on each other may run together, or in another order. */
  readonly free: boolean;
}

/** Runs the steps of one host, each when what it depends on has ended. Reports come in the order of the plan. */
export async function runSteps(
  port: StepPort,
  steps: readonly Step[],
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<readonly StepReport[]> {
  return await new HostSteps(port, steps, surroundings).run(signal);
}

class HostSteps {
  readonly #port: StepPort;
  readonly #steps: readonly Step[];
  readonly #surroundings: Surroundings;
  readonly #reports = new Map<string, StepReport>();
  readonly #running = new Map<string, Promise<void>>();
  /** For each step those that ran while it ran. */
  readonly #beside = new Map<string, Set<Step>>();
  /** Seen to hold, and not remembered yet. */
  readonly #unkept: StepReport[] = [];
  #changing = false;

  constructor(port: StepPort, steps: readonly Step[], surroundings: Surroundings) {
    this.#port = port;
    this.#steps = steps;
    this.#surroundings = surroundings;
  }

  async run(signal: AbortSignal): Promise<readonly StepReport[]> {
    try {
      for (;;) {
        if (!signal.aborted) for (const step of this.#next()) this.#begin(step, signal);
        if (this.#running.size === 0) break;
        await Promise.race(this.#running.values());
      }
    } finally {
      // when one cannot be kept, the others are not left alone
      await Promise.allSettled(this.#running.values());
    }
    return this.#steps.flatMap(({ id }) => this.#reports.get(id) ?? []);
  }

  #next(): readonly Step[] {
    const { free, confirm, limit = 1 } = this.#surroundings;
    return nextSteps(this.#steps, {
      ended: new Set(this.#reports.keys()),
      running: new Set(this.#running.keys()),
      // a person is asked about one after the other
      limit: free && !confirm ? limit : 1,
      free,
    });
  }

  #begin(step: Step, signal: AbortSignal): void {
    const now = this.#steps.filter(({ id }) => this.#running.has(id));
    this.#beside.set(step.id, new Set(now));
    for (const other of now) this.#beside.get(other.id)?.add(step);
    const work = async (): Promise<void> => {
      try {
        await this.#runOne(step, signal);
      } finally {
        this.#running.delete(step.id);
      }
    };
    this.#running.set(step.id, work());
  }

  async #runOne(step: Step, signal: AbortSignal): Promise<void> {
    const { host, clock, emit } = this.#port;
    const { memory, look, confirm } = this.#surroundings;
    const index = this.#steps.indexOf(step) + 1;
    const { id: stepId, title } = step;
    emit({ kind: 'step-started', host, stepId, title, index, total: this.#steps.length });
    const startedAt = clock.monotonic();
    const known = memory?.finished(stepId);
    const situation = {
      observations: look,
      changedBefore: this.#changing,
      beside: () => [...(this.#beside.get(stepId) ?? [])],
      reports: [...this.#reports.values()],
      confirm,
      begunBefore: memory?.begun(stepId) === true,
      beforeChange: async () => await this.#beforeChange(stepId),
    };
    const made = known ?? (await runStep(this.#port, step, situation, signal));
    const report = known ?? { ...made, duration: clock.monotonic() - startedAt };
    if (!known && report.outcome === 'changed') await memory?.remember(report);
    if (!known && report.outcome === 'unchanged') this.#unkept.push(report);
    this.#reports.set(stepId, report);
    emit({ kind: 'step-completed', host, stepId, outcome: report.outcome, report });
  }

  /**
   * Remembers the steps that were seen to hold: a later step may build on what they made, and a later claim must not
   * make it again. From now on what the first look saw may no longer be true.
   */
  async #beforeChange(stepId: string): Promise<void> {
    this.#changing = true;
    await this.#surroundings.memory?.begin(stepId);
    for (const report of this.#unkept.splice(0)) await this.#surroundings.memory?.remember(report);
  }
}
