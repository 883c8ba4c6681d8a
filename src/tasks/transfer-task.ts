import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { rawFromText, showRaw } from '../core/raw-path.ts';
import type { TransferResult } from '../core/transfer-params.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import {
  removeLocalParts,
  removeParts,
  transfer,
  type TransferOutcome,
  type TransferRequest,
} from '../transfer/transfer.ts';
import type { TaskWork } from './task-kind.ts';

/** Milliseconds until a transfer whose host went out of reach is tried again. */
const WAIT_FOR_HOST = 5_000;
const CANCEL_LIMIT = 20_000;

/** What a kind says of one transfer; paths are texts as people give them. */
export type TransferPlan = Pick<
  TransferRequest,
  | 'direction'
  | 'intoFolder'
  | 'recursive'
  | 'exclude'
  | 'preserve'
  | 'links'
  | 'compare'
  | 'rateLimit'
  | 'dryRun'
  | 'deleteExtra'
  | 'allowEmptySource'
> & { readonly localPath: string; readonly remotePath: string };

/** Carries out one claim of a task that moves files: goes on where an earlier one stopped, and leaves nothing half. */
export async function runTransfer<Params>(work: TaskWork<Params>, plan: TransferPlan): Promise<Outcome> {
  return await new TransferTask(work, plan).outcome();
}

class TransferTask<Params> {
  readonly #work: TaskWork<Params>;
  readonly #plan: TransferPlan;
  readonly #parts: { readonly id: string; readonly local: string; readonly remote: string };

  constructor(work: TaskWork<Params>, plan: TransferPlan) {
    this.#work = work;
    this.#plan = plan;
    const { localPath, remotePath } = plan;
    this.#parts = { id: work.task.id, local: rawFromText(localPath), remote: rawFromText(remotePath) };
  }

  async outcome(): Promise<Outcome> {
    const { cancel, leave, task } = this.#work;
    if (cancel.aborted) return await this.#cancelled();
    try {
      return outcomeOf(await this.#transfer(AbortSignal.any([cancel, leave])));
    } catch (error) {
      if (leave.aborted) return { end: leave.reason === 'paused' ? 'paused' : 'left' };
      if (cancel.aborted) return await this.#cancelled();
      const failed = toDeckhandError(error);
      if (isOutOfReach(failed) && (task.begun || this.#hasBegun)) return await this.#waitForHost(failed);
      await this.#cleanUp();
      throw failed;
    }
  }
  #hasBegun = false;

  async #transfer(signal: AbortSignal): Promise<TransferOutcome> {
    const { hosts, task, clock, phase, progress, steps, begin, remember } = this.#work;
    const { localPath: _local, remotePath: _remote, ...plan } = this.#plan;
    const host = task.host ?? '';
    phase('connecting');
    const connection = await hosts.connection(host, signal);
    let earlier = 0;
    let shown = task.progress?.unit === 'bytes' ? task.progress.done : 0;
    return await transfer({
      ...plan,
      ...this.#parts,
      connection,
      clock,
      signal,
      baseFolder: hosts.syncFolder,
      onPhase: phase,
      onProgress: (done, total, path) => {
        // what is gone on with, and what begins anew, never shows as a step back
        shown = Math.max(shown, Math.min(earlier + done, earlier + total));
        const text = showRaw(path).replaceAll('\n', '\ufffd');
        progress({ done: shown, total: Math.max(earlier + total, shown), unit: 'bytes', text });
      },
      onBegin: async bytes => {
        // what an earlier claim brought over counts as done
        const before = Number(steps.get('plan')?.['bytes'] ?? bytes);
        earlier = Math.max(before - bytes, 0);
        if (!steps.has('plan')) await remember('plan', { bytes });
        this.#hasBegun = true;
        if (!task.begun) await begin(host, task.id);
      },
    });
  }

  async #waitForHost(error: DeckhandError): Promise<Outcome> {
    const { steps, clock, hosts, task, remember } = this.#work;
    const since = Number(steps.get('out-of-reach')?.['since'] ?? clock.now());
    // what it was doing when it was last in reach began a new wait
    const isNew = this.#hasBegun;
    const from = isNew ? clock.now() : since;
    if (clock.now() - from > hosts.settings['timeouts.lost']) {
      removeLocalParts(this.#parts);
      throw error;
    }
    await remember('out-of-reach', { since: from });
    return {
      end: 'later',
      pause: WAIT_FOR_HOST,
      reason: `${task.host} is out of reach (${error.code}); what arrived is kept`,
      error: error.toJSON(),
    };
  }

  /** Best effort: an error of its own says less than the first one. */
  async #cleanUp(): Promise<void> {
    try {
      await this.#removeParts(AbortSignal.timeout(CANCEL_LIMIT));
    } catch {
      // the names of what is left say which task left it
    }
  }

  async #removeParts(signal: AbortSignal): Promise<void> {
    removeLocalParts(this.#parts);
    const connection = await this.#work.hosts.connection(this.#work.task.host ?? '', signal);
    await removeParts(connection, this.#parts, signal);
  }

  /** A cancelled transfer counts as such when nothing half-written is left. */
  async #cancelled(): Promise<Outcome> {
    const { task, force } = this.#work;
    const text = `${task.title}: cancelled`;
    if (!task.begun && !this.#hasBegun) return cancelledOutcome(`${text}.`);
    try {
      await this.#removeParts(AbortSignal.any([force, AbortSignal.timeout(CANCEL_LIMIT)]));
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
        pause: WAIT_FOR_HOST,
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
