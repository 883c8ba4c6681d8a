import type { SessionView } from '../../api/access-contract.ts';
import type { Clock } from '../../core/clock.ts';
import { KeptList, type KeptIn } from './kept-list.ts';
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
  readonly #kept: KeptList<KeptSession>;
  readonly #clock: Pick<Clock, 'now'>;
  /** What ends with a session that somebody uses now. */
  readonly #used = new Map<string, AbortController>();

  private constructor(kept: KeptList<KeptSession>, clock: Pick<Clock, 'now'>) {
    this.#kept = kept;
    this.#clock = clock;
  }

  static async open(store: KeptIn, clock: Pick<Clock, 'now'>): Promise<Sessions> {
    return new Sessions(await KeptList.open(store, SETTING), clock);
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

  /** Aborted when the session is ended. */
  endOf(session: KeptSession): AbortSignal {
    const known = this.#used.get(session.hash) ?? new AbortController();
    this.#used.set(session.hash, known);
    return known.signal;
  }

  async end(secret: string): Promise<void> {
    const hash = hashOfSecret(secret);
    await this.#endAll(session => session.hash === hash);
  }

  /** Newest first. */
  list(): readonly SessionView[] {
    return this.#alive()
      .map(session => ({
        id: sessionId(session),
        token: session.token,
        beganAt: session.expiresAt - SESSION_LIFE,
        expiresAt: session.expiresAt,
      }))
      .toReversed();
  }

  /** Ends those that fit; says how many. */
  async endWhere(fits: (id: string) => boolean): Promise<number> {
    return await this.#endAll(session => fits(sessionId(session)));
  }

  async endThoseOf(token: string): Promise<void> {
    await this.#endAll(session => session.token === token);
  }

  async clear(): Promise<void> {
    await this.#endAll(() => true);
  }

  async #endAll(fits: (session: KeptSession) => boolean): Promise<number> {
    const before = this.#alive();
    const rest = before.filter(session => !fits(session));
    await this.#keep(rest);
    return before.length - rest.length;
  }

  /** What others use ends with them. */
  async #keep(sessions: readonly KeptSession[]): Promise<void> {
    await this.#kept.change(sessions);
    const left = new Set(sessions.map(({ hash }) => hash));
    for (const [hash, used] of this.#used) {
      if (left.has(hash)) continue;
      this.#used.delete(hash);
      used.abort();
    }
  }

  #alive(): readonly KeptSession[] {
    return this.#kept.entries.filter(({ expiresAt }) => this.#clock.now() < expiresAt);
  }
}

/** A name for a session that signs nobody in. */
export function sessionId({ hash }: Pick<KeptSession, 'hash'>): string {
  return hash.slice(0, 16);
}
