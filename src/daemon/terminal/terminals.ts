import { join } from 'node:path';
import type {
  AttachOptions,
  AttachedTerminal,
  TerminalTicket,
  TerminalWish,
} from '../../api/terminal-contract.ts';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { newId } from '../../core/ids.ts';
import type { SettingValues } from '../../settings/schema.ts';
import { hashOfSecret, newSecret } from '../access/secret.ts';
import { LiveTerminal, type LiveOptions } from './live-terminal.ts';
import { Recorder } from './recorder.ts';

/** Milliseconds in which a ticket must be used. */
const TICKET_LIFE = 30_000;
/** Terminals at once. Each is a session of the host's shared connection, of which servers allow ten. */
const MOST_OF_CALLER = 16;
const MOST_OF_HOST = 6;
const MOST = 64;
const USUAL_TERM = 'xterm-256color';

export interface TerminalsParts {
  readonly clock: Clock;
  /** Where recordings go; null: nowhere. */
  readonly folder: string | null;
  /** On the disk before the terminal begins, or after it ended. */
  readonly audit: (entry: TerminalAudit) => Promise<void>;
  readonly onTrouble: (thrown: unknown) => void;
}

/** What the audit log keeps of a terminal. */
export interface TerminalAudit {
  readonly action: 'terminal.open' | 'terminal.close';
  readonly terminal: string;
  readonly host: string;
  readonly who: string;
  readonly why: string;
  readonly requestId: string;
}

/** A terminal that somebody may have: the policy was asked, the host is known. */
export interface NewTerminal {
  readonly who: string;
  readonly host: string;
  readonly wish: TerminalWish;
  readonly settings: SettingValues;
  readonly requestId: string;
  readonly connect: LiveOptions['connect'];
}

interface Ticket {
  readonly terminal: string;
  readonly expiresAt: number;
}

/** All terminals of a daemon. */
export class Terminals implements AsyncDisposable {
  readonly #parts: TerminalsParts;
  readonly #open = new Map<string, LiveTerminal>();
  readonly #tickets = new Map<string, Ticket>();
  readonly #over = new AbortController();
  #lastWords: Promise<unknown> = Promise.resolve();

  constructor(parts: TerminalsParts) {
    this.#parts = parts;
  }

  /** Throws `terminal.too-many`, `terminal.not-recorded`, and what the audit log throws: then nothing is opened. */
  async open(asked: NewTerminal): Promise<TerminalTicket> {
    const { who, host, wish, settings, requestId, connect } = asked;
    const { clock } = this.#parts;
    this.#checkRoom(who, host);
    const id = newId('terminal', clock.now());
    const { columns, rows, term = USUAL_TERM } = wish;
    const recorder = settings['policy.terminal.record']
      ? await this.#record({ id, host, who, term, columns, rows })
      : null;
    const audited = { terminal: id, host, who, requestId };
    await this.#parts.audit({
      ...audited,
      action: 'terminal.open',
      why: recorder ? 'recorded' : 'not recorded',
    });
    const begun = clock.monotonic();
    const terminal = new LiveTerminal({
      id,
      host,
      who,
      term,
      columns,
      rows,
      recorder,
      clock,
      connect,
      keep: settings['terminal.keep'],
      idle: settings['terminal.idle'],
      patience: TICKET_LIFE,
      onEnd: ended => this.#ended(ended, audited, clock.monotonic() - begun),
    });
    this.#open.set(id, terminal);
    return this.#ticketFor(terminal);
  }

  /** A way back into one of one's own. Throws `terminal.unknown`. */
  rejoin(who: string, host: string, id: string): TerminalTicket {
    const terminal = this.#open.get(id);
    // what is somebody else's is not told from what is not there
    if (terminal?.options.who !== who || terminal.options.host !== host)
      throw new DeckhandError('terminal.unknown', `There is no terminal ${id.slice(0, 60)} on ${host}.`);
    return this.#ticketFor(terminal);
  }

  /** Throws `terminal.ticket-invalid`. */
  attach(who: string, host: string, ticket: string, options: AttachOptions): AttachedTerminal {
    const key = hashOfSecret(ticket);
    const found = this.#tickets.get(key);
    this.#tickets.delete(key);
    const terminal = found && this.#open.get(found.terminal);
    const fits =
      terminal &&
      this.#parts.clock.now() < found.expiresAt &&
      terminal.options.who === who &&
      terminal.options.host === host;
    if (fits) return terminal.attach(options);
    throw new DeckhandError('terminal.ticket-invalid', `The ticket leads to no terminal on ${host}.`);
  }

  /** Ends those of somebody who may not use them any more. */
  closeThoseOf(who: string): void {
    for (const terminal of this.#open.values()) {
      if (terminal.options.who === who)
        terminal.hangUp(new DeckhandError('terminal.revoked', `${who} may not use it any more.`));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const terminal of this.#open.values())
      terminal.hangUp(new DeckhandError('daemon.unreachable', 'The daemon was stopped.'));
    this.#over.abort();
    await this.#lastWords;
  }

  #ticketFor({ options: { id, keep, idle, recorder } }: LiveTerminal): TerminalTicket {
    const { clock } = this.#parts;
    const now = clock.now();
    for (const [key, { expiresAt }] of this.#tickets) if (expiresAt <= now) this.#tickets.delete(key);
    const ticket = newSecret();
    const expiresAt = now + TICKET_LIFE;
    this.#tickets.set(hashOfSecret(ticket), { terminal: id, expiresAt });
    return { terminal: id, ticket, expiresAt, keep, idle, recorded: recorder !== null };
  }

  #checkRoom(who: string, host: string): void {
    const open = [...this.#open.values()].filter(({ exit }) => exit === null);
    const limits = [
      [open.length, MOST, 'in all'],
      [open.filter(({ options }) => options.who === who).length, MOST_OF_CALLER, `of ${who}`],
      [open.filter(({ options }) => options.host === host).length, MOST_OF_HOST, `on ${host}`],
    ] as const;
    const full = limits.find(([count, most]) => count >= most);
    if (!full) return;
    const [count, most, where] = full;
    throw new DeckhandError('terminal.too-many', `${count} terminals are open ${where}; ${most} may be.`, {
      details: { limit: most },
    });
  }

  async #record(about: Parameters<typeof Recorder.open>[1]): Promise<Recorder> {
    const { folder, clock } = this.#parts;
    if (folder !== null) return await Recorder.open(join(folder, 'terminals'), about, clock);
    throw new DeckhandError('terminal.not-recorded', 'An engine in memory has no place for a recording.');
  }

  #ended(
    terminal: LiveTerminal,
    about: Omit<TerminalAudit, 'action' | 'why'>,
    /** Milliseconds. */
    lasted: number,
  ): void {
    const { audit, onTrouble, clock } = this.#parts;
    const kept = audit({ ...about, action: 'terminal.close', why: whyEnded(terminal, lasted) }).catch(
      onTrouble,
    );
    this.#lastWords = Promise.allSettled([this.#lastWords, kept]);
    // whoever was away when it ended may still read how
    const { keep, id } = terminal.options;
    const forget = (): void => void this.#open.delete(id);
    clock.sleep(Math.max(keep, 1), this.#over.signal).then(forget, forget);
  }
}

function whyEnded({ exit, traffic }: LiveTerminal, lasted: number): string {
  const end =
    exit?.error?.code ??
    (exit?.signal != null
      ? `signal ${exit.signal}`
      : exit?.exitCode == null
        ? 'closed'
        : `exit ${exit.exitCode}`);
  return `${end}; ${Math.round(lasted / 1000)} s, ${traffic.output} bytes out, ${traffic.input} bytes in`;
}
