import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { Surroundings } from '../core/task.ts';
import type { Answer, Question } from './task-api.ts';

/** Characters across and lines down. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface TerminalWish extends TerminalSize {
  /** What the programs there take it for; default `xterm-256color`. */
  readonly term?: string;
  /** One of one's own that is still open: its last output comes again, and it goes on. */
  readonly terminal?: string;
  /** A yes to what the policy asks about. */
  readonly approval?: { readonly hash: string; readonly risks?: readonly string[] };
}

/** A way into one terminal that works once, for half a minute. */
export interface TerminalTicket {
  /** The terminal's id: with it one comes back. */
  readonly terminal: string;
  readonly ticket: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Milliseconds that the terminal lives on when nobody is there. */
  readonly keep: number;
  /** Milliseconds without input after which it is closed; 0 = never. */
  readonly idle: number;
  /** True: what it shows is written down. */
  readonly recorded: boolean;
}

/** How a terminal ended. */
export interface TerminalExit {
  readonly exitCode: number | null;
  /** Without `SIG`. */
  readonly signal: string | null;
  /** Why it ended, when the shell did not end by itself. */
  readonly error: ErrorRecord | null;
}

/** What comes from a terminal, in order. */
export type TerminalItem =
  /** Nobody is there yet who could type: the host wants to know something first. */
  | { readonly item: 'question'; readonly question: Question }
  | { readonly item: 'question-closed'; readonly id: string }
  /**
   * The host gave it; output follows from the byte `from` on: not the one that was asked for = what was before is gone.
   * What comes before `until` was shown to somebody already: a screen must not answer it again.
   */
  | { readonly item: 'opened'; readonly from: number; readonly until: number }
  | { readonly item: 'output'; readonly bytes: Uint8Array }
  /** Somebody else took it: the same caller, in another place. */
  | { readonly item: 'replaced' }
  /** The last one. */
  | { readonly item: 'ended'; readonly exit: TerminalExit };

export interface AttachOptions {
  /** Aborted: this end lets go; the terminal lives on for a while. */
  readonly signal: AbortSignal;
  /** Bytes of output that were seen; default 0. */
  readonly after?: number;
}

/** One's end of a terminal. */
export interface AttachedTerminal {
  readonly terminal: string;
  /** Once; what is not taken stops the programs on the host. Throws `daemon.unreachable` when the way breaks. */
  items(): AsyncIterable<TerminalItem>;
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  resize(size: TerminalSize): void;
  answer(question: string, answer: Answer): void;
  /** Hangs up: the terminal ends. */
  close(): void;
}

/** A person's terminal on a host. It is no task: it ends with its connection, and with the daemon. */
export interface TerminalApi {
  /**
   * Throws `terminal.too-many`, `terminal.unknown`, what the policy says of an interactive shell, and
   * `fleet.unknown-host`. The host is asked when somebody attaches.
   */
  openTerminal(surroundings: Surroundings, host: string, wish: TerminalWish): Promise<TerminalTicket>;
  /** Throws `terminal.ticket-invalid`. */
  attachTerminal(host: string, ticket: string, options: AttachOptions): Promise<AttachedTerminal>;
}
