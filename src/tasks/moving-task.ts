import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { TransferResult } from '../core/transfer-params.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import type { TransferOutcome } from '../transfer/transfer.ts';
import type { TaskWork } from './task-kind.ts';
import { hasWaited, waitForHost } from './wait-for-host.ts';

/** Milliseconds until a transfer whose host went out of reach is tried again. */
const WAIT = 5_000;
const CANCEL_LIMIT = 20_000;

export interface MovingSteps {
  readonly connected: () => void;
  readonly begun: () => void;
}

/** How files move in one kind of task, and how what is not finished goes away. */
export interface Moving {
  /** To be said as it goes on: the hosts are connected; something may be left behind. */
  carryOut(signal: AbortSignal, on: MovingSteps): Promise<TransferOutcome>;
  /** Parts on this machine. */
  removeHere(): void;
  /** Parts everywhere. */
  removeParts(signal: AbortSignal): Promise<void>;
}

/** One claim of a task that moves files: waits for hosts out of reach, and leaves nothing half when it ends. */
export async function runMoving<Params>(work: TaskWork<Params>, moving: Moving): Promise<Outcome> {
  return await new MovingTask(work, moving).outcome();
}

class MovingTask<Params> {
  readonly #work: TaskWork<Params>;
  readonly #moving: Moving;
  #hasBegun = false;
  #hasConnected = false;

  constructor(work: TaskWork<Params>, moving: Moving) {
    this.#work = work;
    this.#moving = moving;
  }

  async outcome(): Promise<Outcome> {
    const { cancel, leave } = this.#work;
    if (cancel.aborted) return await this.#cancelled();
    try {
      const steps: MovingSteps = {
        connected: () => {
          this.#hasConnected = true;
        },
        begun: () => {
          this.#hasBegun = true;
        },
      };
      return outcomeOf(await this.#moving.carryOut(AbortSignal.any([cancel, leave]), steps));
    } catch (error) {
      if (leave.aborted) return { end: leave.reason === 'paused' ? 'paused' : 'left' };
      if (cancel.aborted) return await this.#cancelled();
      const failed = toDeckhandError(error);
      if (isOutOfReach(failed) && this.#wasInReach()) return await this.#waitForHost(failed);
      await this.#cleanUp();
      throw failed;
    }
  }

  /** A host that was never in reach fails the task at once; one that was is waited for, whatever was done by then. */
  #wasInReach(): boolean {
    return this.#work.task.begun || this.#hasConnected || hasWaited(this.#work);
  }

  async #waitForHost(error: DeckhandError): Promise<Outcome> {
    const reason = `${this.#work.task.host} is out of reach (${error.code}); what arrived is kept`;
    const later = { pause: WAIT, reason, error: error.toJSON() };
    const { outcome } = await waitForHost(this.#work, { ...later, anew: this.#hasConnected });
    if (outcome !== null) return outcome;
    this.#moving.removeHere();
    throw error;
  }

  /** Best effort: an error of its own says less than the first one. */
  async #cleanUp(): Promise<void> {
    try {
      await this.#moving.removeParts(AbortSignal.timeout(CANCEL_LIMIT));
    } catch {
      // the names of what is left say which task left it
    }
  }

  /** A cancelled transfer counts as such when nothing half-written is left. */
  async #cancelled(): Promise<Outcome> {
    const { task, force } = this.#work;
    const text = `${task.title}: cancelled`;
    if (!task.begun && !this.#hasBegun) return cancelledOutcome(`${text}.`);
    try {
      await this.#moving.removeParts(AbortSignal.any([force, AbortSignal.timeout(CANCEL_LIMIT)]));
      return cancelledOutcome(`${text}; nothing half-written is left.`);
    } catch (error) {
      const { code, message } = toDeckhandError(error);
      if (force.aborted)
        return {
          end: 'cancelled',
          error: new DeckhandError(
            'command.cancel-unproved',
            `${text}; parts may be left on ${task.host}: ${message}`,
          ).toJSON(),
        };
      return {
        end: 'later',
        pause: WAIT,
        reason: `its parts could not be removed yet (${code})`,
        error: toDeckhandError(error).toJSON(),
      };
    }
  }
}

function cancelledOutcome(text: string): Outcome {
  return { end: 'cancelled', error: new DeckhandError('command.cancelled', text).toJSON() };
}

function outcomeOf({ result, error }: TransferOutcome): Outcome {
  const plain: TransferResult = result;
  const record = { ...plain };
  return error === undefined
    ? { end: 'succeeded', result: record }
    : { end: 'failed', error: error.toJSON(), result: record };
}

/** The link, not the work: the same work goes on when the host is back. */
export function isOutOfReach({ code, retryable }: DeckhandError): boolean {
  return code.startsWith('ssh.') && retryable;
}
