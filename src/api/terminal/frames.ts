import type { TerminalItem } from '../terminal-contract.ts';

/** The first of the two protocols that a client offers; the second is its ticket. */
export const TERMINAL_PROTOCOL = 'deckhand-terminal.1';
/** Bytes of one message from a client. */
export const LARGEST_MESSAGE = 64 * 1024;
/** Bytes on their way that no client has said to have taken. */
export const WINDOW = 256 * 1024;

/** What a client says in words. */
export type ClientMessage =
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly type: 'answer'; readonly question: string; readonly answer: string | null }
  /** All bytes of output that were taken since this socket opened. */
  | { readonly type: 'taken'; readonly bytes: number }
  /** Hang up. */
  | { readonly type: 'close' };

/** What the daemon says in words: everything that is not output. */
export type ServerMessage = Exclude<TerminalItem, { readonly item: 'output' }>;

/** Of our own daemon: its shape is not checked again. */
export function readServerMessage(text: string): ServerMessage {
  return JSON.parse(text) as ServerMessage;
}
