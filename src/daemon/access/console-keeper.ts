import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConsoleView, LoginLink, OpenConsole, SessionView } from '../../api/access-contract.ts';
import { type Caller, ownerCaller } from '../../api/caller.ts';
import type { Session, WebDoor } from '../../api/web/door.ts';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import type { Surroundings } from '../../core/task.ts';
import type { Store } from '../../store/store.ts';
import { hostPort, hostsOf, isLoopback } from './listen-address.ts';
import { LoginLinks } from './login-links.ts';
import type { Tokens } from './tokens.ts';
import { sessionId, Sessions } from './sessions.ts';
import { type Served, WebListener } from './web-listener.ts';

const SETTING = 'console.open';

interface KeptConsole extends OpenConsole {
  readonly surroundings: Surroundings;
}

export interface ConsoleParts {
  readonly store: Store;
  readonly clock: Clock;
  /** The account whose daemon it is. */
  readonly owner: string;
  readonly tokens: Tokens;
  /** What answers requests that come in by a door. */
  readonly serve: (door: WebDoor) => Served;
}

/** The one console of a daemon: opened, closed, there again after a restart; and who may come in by it. */
export class ConsoleKeeper implements AsyncDisposable {
  readonly #parts: ConsoleParts;
  readonly #links: LoginLinks;
  readonly #sessions: Sessions;
  #listener: WebListener | null = null;
  #surroundings: Surroundings | null = null;
  /** One after the other: two commands at once must not open two. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(parts: ConsoleParts, sessions: Sessions) {
    this.#parts = parts;
    this.#sessions = sessions;
    this.#links = new LoginLinks(parts.clock);
  }

  static async open(parts: ConsoleParts): Promise<ConsoleKeeper> {
    return new ConsoleKeeper(parts, await Sessions.open(parts.store, parts.clock));
  }

  view(): ConsoleView | null {
    const listener = this.#listener;
    if (!listener) return null;
    return {
      url: `http://${hostPort(shownAddress(listener.address), listener.port)}`,
      loopback: isLoopback(listener.address),
      built: existsSync(join(consoleFolder(), 'index.html')),
      sessions: this.#sessions.count,
    };
  }

  /** Throws `console.port-busy`, `console.needs-token`. */
  async listen(surroundings: Surroundings, { port, address }: OpenConsole): Promise<ConsoleView> {
    return await this.#inTurn(async () => {
      if (!isLoopback(address)) this.#checkTokens(address);
      const before = this.#listener;
      if (before?.address !== address || (port !== 0 && before.port !== port)) {
        const listener = await WebListener.open(address, port);
        listener.serve(this.#parts.serve(this.#door(listener)));
        await before?.[Symbol.asyncDispose]();
        this.#listener = listener;
      }
      this.#surroundings = surroundings;
      const kept: KeptConsole = { surroundings, address, port: this.#listener?.port ?? port };
      await this.#parts.store.saveSetting(SETTING, kept);
      return this.view() as ConsoleView;
    });
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#parts.store.saveSetting(SETTING, null);
      await this.#sessions.clear();
      this.#links.clear();
      await this.#shut();
    });
  }

  /** Throws `console.closed`. */
  link(): LoginLink {
    const view = this.view();
    if (!view) throw new DeckhandError('console.closed', 'The console is not open.');
    const { token, expiresAt } = this.#links.make();
    return { url: `${view.url}/login#${token}`, expiresAt };
  }

  /** What was open before a restart, or what the settings ask for; what cannot be opened is told. */
  async restore(wanted: KeptConsole | null, onTrouble: (error: DeckhandError) => void): Promise<void> {
    const kept = (await this.#parts.store.setting(SETTING)) as KeptConsole | null | undefined;
    const console = kept ?? wanted;
    if (!console) return;
    try {
      await this.listen(console.surroundings, console);
    } catch (thrown) {
      onTrouble(toDeckhandError(thrown));
    }
  }

  #door(listener: WebListener): WebDoor {
    return {
      folder: consoleFolder(),
      hosts: () => hostsOf(listener.address, listener.port),
      cookieName: () => `deckhand-${listener.port}`,
      login: async token => await this.#login(token),
      logout: async secret => await this.#sessions.end(secret),
      bySession: async secret => await this.#bySession(secret),
      byToken: async token => await this.#parts.tokens.caller(token),
    };
  }

  async #login(token: string): Promise<{ readonly secret: string; readonly session: Session }> {
    const isLink = this.#links.use(token);
    const caller = isLink ? this.#owner() : await this.#parts.tokens.caller(token);
    if (!caller)
      throw new DeckhandError(
        'api.unauthorised',
        'The link was used already or is too old, or no such token.',
        {
          hint: '`deckhand console` prints a new link.',
        },
      );
    const name = isLink ? null : caller.who.slice(caller.who.indexOf(':') + 1);
    const { secret, expiresAt } = await this.#sessions.begin(name);
    return { secret, session: { caller, expiresAt } };
  }

  async #bySession(secret: string): Promise<Session | null> {
    const session = this.#sessions.find(secret);
    if (!session) return null;
    // one that was begun with a token lasts as long as the token
    const caller = session.token === null ? this.#owner() : this.#parts.tokens.named(session.token);
    if (!caller) return null;
    const ended = this.#sessions.endOf(session);
    return await Promise.resolve({
      caller: { ...caller, session: sessionId(session), ended },
      expiresAt: session.expiresAt,
    });
  }

  #checkTokens(address: string): void {
    if (this.#parts.tokens.list().length > 0) return;
    throw new DeckhandError(
      'console.needs-token',
      `${address} is reached by other machines, and there is no token that says who may do what.`,
    );
  }

  /** A token that is gone takes along who signed in with it, also when its name is given again. */
  async forget(token: string): Promise<void> {
    await this.#sessions.endThoseOf(token);
  }

  sessions(): readonly SessionView[] {
    return this.#sessions.list();
  }

  /** Says how many were ended. */
  async endSessions(which: { readonly id: string } | { readonly except: string }): Promise<number> {
    return await this.#sessions.endWhere(id => ('id' in which ? id === which.id : id !== which.except));
  }

  #owner(): Caller {
    return { ...ownerCaller(this.#parts.owner), via: 'console', surroundings: this.#surroundings };
  }

  async #shut(): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
    this.#listener = null;
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(async () => await this.#shut());
  }
}

/** Where a browser of this machine finds a listener on all addresses. */
function shownAddress(address: string): string {
  return address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
}

/** `dist/console` of the package; in the sources what `npm run build` of the console leaves. */
function consoleFolder(): string {
  const built = import.meta.url.endsWith('.ts') ? '../../../console/dist' : '../../console';
  return fileURLToPath(new URL(built, import.meta.url));
}
