import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Layout } from './layout.ts';
import { deploymentScript, lookedAgain, type ProbeFacts, type ProbeWish } from './probe.ts';
import { LOCKED, prepareScript, RENEW, renewScript, unlockScript } from './scripts.ts';
import type { Site } from './site.ts';

export interface LockPlace {
  readonly site: Site;
  readonly layout: Layout;
  /** Of the task: a later claim of it has the lock already. */
  readonly owner: string;
  readonly clock: Clock;
  readonly isRoot: boolean;
}

/** Milliseconds to give the lock back when everything else has ended. */
const RELEASE_LIMIT = 10_000;

/** One deployment's lock on its target, renewed while it is held. */
export class HeldLock implements AsyncDisposable {
  readonly #place: LockPlace;
  readonly #stop = new AbortController();
  readonly #lost = new AbortController();
  #isHeld = false;
  #renewing: Promise<void> = Promise.resolve();

  constructor(place: LockPlace) {
    this.#place = place;
  }

  /** Ends with `signal`, and with `model.deploy-busy` when somebody else has the lock: then nothing may be changed any more. */
  heldDuring(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#lost.signal]);
  }

  /**
   * Makes the folders as well, then asks once more how far the deployment is: somebody else may have ended a deployment
   * between the first look and the lock. Throws `model.deploy-busy`.
   */
  async take(wish: ProbeWish, before: Pick<ProbeFacts, 'machine'>, signal: AbortSignal): Promise<ProbeFacts> {
    const { site, layout, owner, isRoot } = this.#place;
    const script = `${prepareScript(layout, owner, isRoot)}\n${deploymentScript(wish)}`;
    const { exitCode, output, errors } = await site.run(script, { signal });
    if (exitCode === LOCKED) throw taken(site, output);
    if (exitCode !== 0)
      throw new DeckhandError(
        /No space left/.test(errors) ? 'host.disk-full' : 'transfer.no-permission',
        `${site.name}: ${layout.home} could not be made: ${errors.trim().split('\n').at(-1) ?? ''}.`,
      );
    this.#isHeld = true;
    this.#renewing = this.#renew();
    return lookedAgain(site, before, exitCode, output);
  }

  async #renew(): Promise<void> {
    const { site, layout, owner, clock } = this.#place;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await clock.sleep(RENEW, signal);
        const { exitCode, output } = await site.run(renewScript(layout, owner), { signal });
        if (exitCode === LOCKED) return this.#lost.abort(taken(site, output));
      } catch {
        // without a connection the lease runs out by itself
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#renewing;
    if (!this.#isHeld) return;
    const { site, layout, owner } = this.#place;
    // best effort: a lock that cannot be given back ends with its lease
    await site
      .run(unlockScript(layout, owner), { signal: AbortSignal.timeout(RELEASE_LIMIT) })
      .catch(() => {});
  }
}

function taken({ name }: Site, output: string): DeckhandError {
  const [holder = '', seconds = ''] = output.trim().split(' ');
  return new DeckhandError(
    'model.deploy-busy',
    `${name}: ${holder} is changing this deployment; its lock holds for ${seconds} more seconds at most.`,
    { details: { host: name, owner: holder } },
  );
}
