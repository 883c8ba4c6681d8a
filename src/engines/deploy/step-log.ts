import type { Clock } from '../../core/clock.ts';
import type { DeployStep } from '../../core/model-params.ts';

/** Who is told of the steps of a deployment, and how they are timed and stopped. */
export interface StepWatch {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The part of `signal` that gives the work up for good: what was there before is to serve again. */
  readonly cancel?: AbortSignal;
  readonly onStep: (step: DeployStep['name']) => void;
  readonly onStepDone: (step: DeployStep) => void;
}

/** Carries out steps one after the other, and keeps what came of each. */
export class StepLog {
  readonly #watch: StepWatch;
  readonly steps: DeployStep[] = [];

  constructor(watch: StepWatch) {
    this.#watch = watch;
  }

  /** `work` gives its result, what was seen or done in words, and `skipped` where there was nothing to do. */
  async step<Result>(
    name: DeployStep['name'],
    work: () => Promise<readonly [Result, string, DeployStep['outcome']?]>,
  ): Promise<Result> {
    const { clock, signal, onStep, onStepDone } = this.#watch;
    signal.throwIfAborted();
    onStep(name);
    const began = clock.monotonic();
    const [result, text, outcome = 'done'] = await work();
    const step: DeployStep = { name, outcome, duration: Math.round(clock.monotonic() - began), text };
    this.steps.push(step);
    onStepDone(step);
    return result;
  }
}
