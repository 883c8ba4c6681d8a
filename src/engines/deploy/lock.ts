import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Layout } from './layout.ts';
import { answered, type ProbeFacts, probeScript, type ProbeWish } from './probe.ts';
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
  #isHeld = false;
  #renewing: Promise<void> = Promise.resolve();

  constructor(place: LockPlace) {
    this.#place = place;
  }

  /**
   * Makes the folders as well, then asks once more how everything is: somebody else may have ended a deployment
   * between the first look and the lock. Throws `model.deploy-busy`.
   */
  async take(wish: ProbeWish, signal: AbortSignal): Promise<ProbeFacts> {
    const { site, layout, owner, isRoot } = this.#place;
    const script = `${prepareScript(layout, owner, isRoot)}\n${probeScript(wish)}`;
    const { exitCode, output, errors } = await site.run(script, { signal });
    if (exitCode === LOCKED) {
      const [holder = '', seconds = ''] = output.trim().split(' ');
      throw new DeckhandError(
        'model.deploy-busy',
        `${site.name}: ${holder} is changing this deployment; its lock holds for ${seconds} more seconds at most.`,
        { details: { host: site.name, owner: holder } },
      );
    }
    if (exitCode !== 0)
      throw new DeckhandError(
        /No space left/.test(errors) ? 'host.disk-full' : 'transfer.no-permission',
        `${site.name}: ${layout.home} could not be made: ${errors.trim().split('\n').at(-1) ?? ''}.`,
      );
    this.#isHeld = true;
    this.#renewing = this.#renew();
    return answered(site, exitCode, output);
  }

  async #renew(): Promise<void> {
    const { site, layout, owner, clock } = this.#place;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await clock.sleep(RENEW, signal);
        await site.run(renewScript(layout, owner), { signal });
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
