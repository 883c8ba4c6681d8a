import type { Terminal } from '@xterm/xterm';
import {
  type Answer,
  type AttachedTerminal,
  type DeckhandError,
  type Question,
  type TerminalExit,
  type TerminalItem,
  type TerminalWish,
  toDeckhandError,
} from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { DirectionFilter } from './direction-filter.ts';

export interface SessionView {
  readonly state: 'opening' | 'open' | 'reconnecting' | 'ended' | 'replaced';
  readonly questions: readonly Question[];
  readonly exit: TerminalExit | null;
  readonly error: DeckhandError | null;
  readonly recorded: boolean;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5000;

/** One terminal of one host in this page: opened, found again after the connection was away, shown on the screen. */
export class TerminalSession {
  readonly #host: string;
  readonly #screen: Terminal;
  readonly #onView: (view: SessionView) => void;
  readonly #over = new AbortController();
  #view: SessionView = { state: 'opening', questions: [], exit: null, error: null, recorded: false };
  #line: AttachedTerminal | null = null;
  #seen = 0;
  /** Output before it was shown already: what the screen answers to it was answered already, too. */
  #old = 0;
  /** The host has answered, on the present connection. */
  #isThere = false;
  #hangsUp = false;
  readonly #filter = new DirectionFilter();

  constructor(host: string, screen: Terminal, onView: (view: SessionView) => void) {
    this.#host = host;
    this.#screen = screen;
    this.#onView = onView;
    screen.onData(text => this.type(text));
    screen.onResize(({ cols: columns, rows }) => this.#line?.resize({ columns, rows }));
  }

  /** Until the terminal ends or the page leaves it; `approval`: a yes to what the policy asked. */
  async run(approval?: TerminalWish['approval']): Promise<void> {
    let pause = FIRST_PAUSE;
    while (!this.#over.signal.aborted) {
      try {
        for await (const item of (await this.#attach(approval)).items()) {
          pause = FIRST_PAUSE;
          await this.#take(item);
        }
        return;
      } catch (thrown) {
        this.#line = null;
        this.#isThere = false;
        if (this.#over.signal.aborted) return;
        const error = toDeckhandError(thrown);
        if (error.code === 'terminal.unknown' && this.#seen === 0) {
          // one of an earlier visit that is gone by now
          this.#remember(null);
          continue;
        }
        if (error.code !== 'daemon.unreachable') {
          this.#remember(null);
          this.#show({ state: 'ended', error });
          return;
        }
        this.#show({ state: 'reconnecting', questions: [] });
        await new Promise(resolve => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  type(text: string): void {
    if (this.#view.state !== 'open') return;
    void this.#line?.write(new TextEncoder().encode(text));
  }
  answer(question: string, answer: Answer): void {
    this.#line?.answer(question, answer);
  }
  hangUp(): void {
    // while the connection is away, as soon as it is back
    this.#hangsUp = true;
    this.#line?.close();
  }
  /** The page lets go; the terminal lives on for a while. */
  leave(): void {
    this.#over.abort();
  }

  async #attach(approval: TerminalWish['approval']): Promise<AttachedTerminal> {
    const { cols: columns, rows } = this.#screen;
    const known = sessionStorage.getItem(this.#key);
    const { ticket, terminal, recorded } = await api.openTerminal(HERE, this.#host, {
      columns,
      rows,
      ...(known !== null && { terminal: known }),
      ...(approval && { approval }),
    });
    this.#remember(terminal);
    const { signal } = this.#over;
    const line = await api.attachTerminal(this.#host, ticket, { signal, after: this.#seen });
    this.#line = line;
    this.#show({ recorded });
    line.resize({ columns: this.#screen.cols, rows: this.#screen.rows });
    if (this.#hangsUp) line.close();
    return line;
  }

  async #take(item: TerminalItem): Promise<void> {
    if (item.item === 'output') {
      const bytes = this.#filter.take(item.bytes);
      await new Promise<void>(resolve => this.#screen.write(bytes, resolve));
      this.#seen += item.bytes.length;
      this.#openOnceShown();
    } else if (item.item === 'opened') {
      if (item.from !== this.#seen) this.#screen.reset();
      this.#seen = item.from;
      this.#old = item.until;
      this.#isThere = true;
      this.#openOnceShown();
    } else if (item.item === 'question') {
      this.#show({ questions: [...this.#view.questions, item.question] });
    } else if (item.item === 'question-closed') {
      this.#show({ questions: this.#view.questions.filter(({ id }) => id !== item.id) });
    } else if (item.item === 'replaced') {
      this.#show({ state: 'replaced' });
    } else {
      this.#remember(null);
      this.#show({ state: 'ended', exit: item.exit, questions: [] });
    }
  }

  /** What is typed counts from then on, so nobody is told earlier. */
  #openOnceShown(): void {
    if (this.#isThere && this.#seen >= this.#old && this.#view.state !== 'open')
      this.#show({ state: 'open' });
  }

  get #key(): string {
    return `deckhand-terminal:${this.#host}`;
  }
  #remember(terminal: string | null): void {
    if (terminal === null) sessionStorage.removeItem(this.#key);
    else sessionStorage.setItem(this.#key, terminal);
  }

  #show(part: Partial<SessionView>): void {
    if (this.#over.signal.aborted) return;
    this.#view = { ...this.#view, ...part };
    this.#onView(this.#view);
  }
}
