import type { Clock } from '../../core/clock.ts';
import { hashOfSecret, newSecret } from './secret.ts';

/** Milliseconds that a link works. */
const LINK_LIFE = 5 * 60_000;
/** Unused ones at once; the oldest go first. */
const MOST_LINKS = 20;

/** Ways in that work once, soon. They end with the daemon. */
export class LoginLinks {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #open = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  make(): { readonly token: string; readonly expiresAt: number } {
    const token = newSecret();
    const expiresAt = this.#clock.now() + LINK_LIFE;
    this.#open.set(hashOfSecret(token), expiresAt);
    for (const old of [...this.#open.keys()].slice(0, -MOST_LINKS)) this.#open.delete(old);
    return { token, expiresAt };
  }

  /** True the first time, while it is young. */
  use(token: string): boolean {
    const hash = hashOfSecret(token);
    const expiresAt = this.#open.get(hash);
    this.#open.delete(hash);
    return expiresAt !== undefined && this.#clock.now() < expiresAt;
  }

  clear(): void {
    this.#open.clear();
  }
}
