import type { Clock } from '../core/clock.ts';
import type { OutputStream } from '../core/command-run.ts';
import type { AttachedModel } from '../core/attached-model.ts';
import type { Deployment } from '../core/model-params.ts';
import type { TaskEventBody } from '../core/task-event.ts';
import { taskEventBodySchema } from '../core/task-event-schema.ts';
import type { Progress } from '../core/task.ts';
import type { AuditedDecision, ClaimWrite, Fence } from '../store/store.ts';
import { ClaimOutput } from './claim-output.ts';

/** Progress events of one task: at most four a second. */
const PROGRESS_PAUSE = 250;

/** What one claim reports, in order; the last progress of a burst is never lost. */
export class ClaimReports {
  readonly #fence: Fence;
  readonly #clock: Clock;
  readonly #write: (writes: readonly ClaimWrite[]) => Promise<void>;
  readonly #output: ClaimOutput;
  readonly #open = new Set<Promise<void>>();
  #lastProgress = Number.NEGATIVE_INFINITY;
  #heldProgress: Progress | undefined;

  constructor(
    fence: Fence,
    seen: { readonly stdout: number; readonly stderr: number },
    clock: Clock,
    write: (writes: readonly ClaimWrite[]) => Promise<void>,
  ) {
    this.#fence = fence;
    this.#clock = clock;
    this.#write = write;
    this.#output = new ClaimOutput(
      seen,
      () => clock.now(),
      async pieces => await this.#keep({ ...fence, write: 'output', pieces }),
    );
  }

  /** A plug-in's event that is none is left out, and said so. */
  event(body: TaskEventBody): void {
    const { success } = taskEventBodySchema.safeParse(body);
    if (!success) {
      this.event({
        kind: 'note',
        text: `a malformed event was left out: ${body.kind.slice(0, 100)}`,
      });
      return;
    }
    // output that came before an event is before it in the log as well
    this.#output.flush();
    void this.#keep({ ...this.#fence, write: 'event', body });
  }

  output(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined {
    return this.#output.give(stream, bytes);
  }

  phase(phase: string): void {
    void this.#keep({ ...this.#fence, write: 'phase', phase });
  }

  progress(progress: Progress): void {
    const now = this.#clock.monotonic();
    if (now - this.#lastProgress < PROGRESS_PAUSE) {
      this.#heldProgress = progress;
      return;
    }
    this.#lastProgress = now;
    this.#heldProgress = undefined;
    void this.#keep({ ...this.#fence, write: 'progress', progress });
  }

  async begin(host: string, runId: string): Promise<void> {
    await this.#keep({ ...this.#fence, write: 'begun', host, runId });
  }

  async remember(name: string, output: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#keep({ ...this.#fence, write: 'step', name, output });
  }

  async useApproval(approval: string, step: string): Promise<void> {
    await this.#keep({ ...this.#fence, write: 'approval-used', approval, step });
  }

  async audit(entry: AuditedDecision): Promise<void> {
    await this.#keep({ ...this.#fence, write: 'audit', entry });
  }

  async deployed(deployment: Deployment): Promise<void> {
    await this.#keep({ ...this.#fence, write: 'deployed', deployment });
  }

  async undeployed(host: string, name: string): Promise<void> {
    await this.#keep({ ...this.#fence, write: 'undeployed', host, name });
  }

  async attached(attached: AttachedModel): Promise<void> {
    await this.#keep({ ...this.#fence, write: 'attached', attached });
  }

  async detached(host: string, name: string): Promise<void> {
    await this.#keep({ ...this.#fence, write: 'detached', host, name });
  }

  /** Resolves when everything reported is kept. */
  async finish(): Promise<void> {
    this.#output.flush();
    if (this.#heldProgress)
      void this.#keep({ ...this.#fence, write: 'progress', progress: this.#heldProgress });
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  async #keep(write: ClaimWrite): Promise<void> {
    const kept = this.#write([write]);
    this.#open.add(kept);
    await kept;
    this.#open.delete(kept);
  }
}
