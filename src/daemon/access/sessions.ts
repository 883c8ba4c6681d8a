import type { Clock } from '../../core/clock.ts';
import type { Store } from '../../store/store.ts';
import { hashOfSecret, newSecret } from './secret.ts';

/** Milliseconds that somebody stays signed in. */
const SESSION_LIFE = 7 * 86_400_000;
const MOST_SESSIONS = 50;
const SETTING = 'console.sessions';

/** Somebody signed in; the secret itself is only in their browser. */
interface KeptSession {
  readonly hash: string;
  /** The token they signed in with; null = a login link, so the owner. */
  readonly token: string | null;
  readonly expiresAt: number;
}

/** Who is signed in with a browser: kept, as hashes, through restarts. */
export class Sessions {
  readonly #store: Pick<Store, 'setting' | 'saveSetting'>;
  readonly #clock: Pick<Clock, 'now'>;
  #kept: readonly KeptSession[] = [];

  private constructor(store: Pick<Store, 'setting' | 'saveSetting'>, clock: Pick<Clock, 'now'>) {
    this.#store = store;
    this.#clock = clock;
  }

  static async open(
    store: Pick<Store, 'setting' | 'saveSetting'>,
    clock: Pick<Clock, 'now'>,
  ): Promise<Sessions> {
    const sessions = new Sessions(store, clock);
    sessions.#kept = ((await store.setting(SETTING)) as readonly KeptSession[] | null | undefined) ?? [];
    return sessions;
  }

  get count(): number {
    return this.#alive().length;
  }

  /** Kept before it is given out. */
  async begin(token: string | null): Promise<{ readonly secret: string; readonly expiresAt: number }> {
    const secret = newSecret();
    const expiresAt = this.#clock.now() + SESSION_LIFE;
    const session: KeptSession = { hash: hashOfSecret(secret), token, expiresAt };
    await this.#keep([...this.#alive(), session].slice(-MOST_SESSIONS));
    return { secret, expiresAt };
  }

  find(secret: string): KeptSession | null {
    // a hash is looked for, not a secret: the time it takes tells nothing of one
    const hash = hashOfSecret(secret);
    return this.#alive().find(session => session.hash === hash) ?? null;
  }

  async end(secret: string): Promise<void> {
    const hash = hashOfSecret(secret);
    await this.#keep(this.#alive().filter(session => session.hash !== hash));
  }

  async endThoseOf(token: string): Promise<void> {
    await this.#keep(this.#alive().filter(session => session.token !== token));
  }

  async clear(): Promise<void> {
    await this.#keep([]);
  }

  #alive(): readonly KeptSession[] {
    return this.#kept.filter(({ expiresAt }) => this.#clock.now() < expiresAt);
  }

  async #keep(sessions: readonly KeptSession[]): Promise<void> {
    this.#kept = sessions;
    await this.#store.saveSetting(SETTING, sessions);
  }
}
