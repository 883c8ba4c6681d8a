import type { Surroundings } from '../core/task.ts';

/** The console's listener, while it is open. */
export interface ConsoleView {
  /** `http://127.0.0.1:8791`. */
  readonly url: string;
  /** False: others than this machine can connect. */
  readonly loopback: boolean;
  /** False: its pages are not there; the API is. */
  readonly built: boolean;
  /** People that are signed in. */
  readonly sessions: number;
}

export interface OpenConsole {
  /** 0 = any free one. */
  readonly port: number;
  /** An address of this machine. */
  readonly address: string;
}

/** A way in that works once. */
export interface LoginLink {
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Who else may ask, and how. */
export interface AccessApi {
  /** Null: it is not open. */
  console(): Promise<ConsoleView | null>;
  /**
   * Opens it, also after a restart; hosts are looked for where `surroundings` say. Open already at another
   * address: it moves. Throws `console.port-busy`, `console.needs-daemon`, `console.needs-token`.
   */
  openConsole(surroundings: Surroundings, where: OpenConsole): Promise<ConsoleView>;
  /** Closes it, and forgets who is signed in. */
  closeConsole(): Promise<void>;
  /** Throws `console.closed`. */
  loginLink(): Promise<LoginLink>;
}
