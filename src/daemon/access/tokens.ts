import type { NewToken, TokenView } from '../../api/access-contract.ts';
import type { Caller } from '../../api/caller.ts';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Surroundings } from '../../core/task.ts';
import { KeptList, type KeptIn } from './kept-list.ts';
import { hashOfSecret, newSecret } from './secret.ts';

const SETTING = 'tokens';
/** What every token begins with, so that scanners for leaked secrets know one. */
const PREFIX = 'dhk_';
/** Milliseconds between two writes of when a token was last used. */
const USE_NOTED = 60_000;
const MOST_TOKENS = 1000;

interface KeptToken extends TokenView {
  readonly hash: string;
  /** Where whoever made it stood: its bearer stands there too. */
  readonly surroundings: Surroundings;
}

/** Who else may ask. Of a token its hash is kept. */
export class Tokens {
  readonly #kept: KeptList<KeptToken>;
  readonly #clock: Pick<Clock, 'now'>;

  private constructor(kept: KeptList<KeptToken>, clock: Pick<Clock, 'now'>) {
    this.#kept = kept;
    this.#clock = clock;
  }

  static async open(store: KeptIn, clock: Pick<Clock, 'now'>): Promise<Tokens> {
    return new Tokens(await KeptList.open(store, SETTING), clock);
  }

  list(): readonly TokenView[] {
    return this.#kept.entries.map(viewOf);
  }

  /** Throws `token.exists`. */
  async add(
    surroundings: Surroundings,
    { name, role, kinds, hosts, expiresIn }: NewToken,
  ): Promise<{ readonly token: string; readonly view: TokenView }> {
    if (this.#kept.entries.some(token => token.name === name))
      throw new DeckhandError('token.exists', `There is a token '${name}' already.`, { details: { name } });
    if (this.#kept.entries.length >= MOST_TOKENS)
      throw new DeckhandError('input.invalid', `There are ${MOST_TOKENS} tokens already.`);
    const token = `${PREFIX}${newSecret()}`;
    const now = this.#clock.now();
    const kept: KeptToken = {
      name,
      role,
      kinds: kinds ?? null,
      hosts: hosts ?? null,
      createdAt: now,
      expiresAt: expiresIn === undefined ? null : now + expiresIn,
      lastUsedAt: null,
      hash: hashOfSecret(token),
      surroundings,
    };
    await this.#kept.change([...this.#kept.entries, kept]);
    return { token, view: viewOf(kept) };
  }

  /** Throws `token.unknown`. */
  async remove(name: string): Promise<void> {
    const rest = this.#kept.entries.filter(token => token.name !== name);
    if (rest.length === this.#kept.entries.length)
      throw new DeckhandError('token.unknown', `There is no token '${name}'.`, { details: { name } });
    await this.#kept.change(rest);
  }

  /** Whom a token stands for; null: it is unknown or expired. */
  async caller(token: string): Promise<Caller | null> {
    const hash = hashOfSecret(token);
    const kept = this.#valid(each => each.hash === hash);
    if (!kept) return null;
    const now = this.#clock.now();
    if (now - (kept.lastUsedAt ?? 0) > USE_NOTED)
      await this.#kept.change(
        this.#kept.entries.map(each => (each === kept ? { ...each, lastUsedAt: now } : each)),
      );
    return callerOf(kept);
  }

  /** Whom a session stands for that was begun with the token of this name. */
  named(name: string): Caller | null {
    const kept = this.#valid(each => each.name === name);
    return kept ? callerOf(kept) : null;
  }

  #valid(fits: (token: KeptToken) => boolean): KeptToken | null {
    const kept = this.#kept.entries.find(fits);
    const expired = kept && kept.expiresAt !== null && kept.expiresAt <= this.#clock.now();
    return kept && !expired ? kept : null;
  }
}

function callerOf({ name, role, kinds, hosts, surroundings }: KeptToken): Caller {
  return { who: `token:${name}`, role, via: 'token', kinds, hosts, surroundings };
}

function viewOf(token: KeptToken): TokenView {
  const { hash: _, surroundings: __, ...view } = token;
  return view;
}
