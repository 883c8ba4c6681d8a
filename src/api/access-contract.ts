import type { Surroundings } from '../core/task.ts';
import type { Role } from './caller.ts';
import type { Selector } from './contract.ts';

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

/** A token as it is known: the token itself is told once, when it is made. */
export interface TokenView {
  readonly name: string;
  readonly role: Role;
  /** Kinds of tasks it may submit and see; null = those of its role. */
  readonly kinds: readonly string[] | null;
  /** Selector of the hosts it may touch and see; null = all. */
  readonly hosts: Selector | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Null: it does not expire. */
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
}

/** A browser that is signed in. */
export interface SessionView {
  /** Not what signs it in. */
  readonly id: string;
  /** Whose token it signed in with; null = a login link, so the owner. */
  readonly token: string | null;
  /** Milliseconds since the epoch. */
  readonly beganAt: number;
  readonly expiresAt: number;
}

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  readonly kinds?: readonly string[];
  readonly hosts?: Selector;
  /** Milliseconds until it expires; absent = never. */
  readonly expiresIn?: number;
}

/** A line of the audit log: who did what, or was not let do it. */
export interface AuditEntryView {
  /** From 1, without gaps. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly who: string;
  readonly action: string;
  readonly hosts: readonly string[];
  /** A command, or a route and what it was about. */
  readonly command: string;
  readonly rule: string | null;
  readonly why: string;
  readonly requestId: string;
}

/** What a command may do, and what the policy makes of it. */
export interface PolicyVerdict {
  readonly command: string;
  readonly verdict: {
    readonly class: string;
    readonly risks: readonly string[];
    readonly effects: readonly { readonly kind: string; readonly subject: string }[];
    /** Each about some words of the command. */
    readonly reasons: readonly { readonly class: string; readonly text: string; readonly words: string }[];
  };
  /** The hash of its meaning: what an approval names. */
  readonly hash: string;
  /** Of the settings. */
  readonly mode: string;
  /** What each mode makes of it. */
  readonly decisions: readonly {
    readonly mode: string;
    readonly decision: 'run' | 'ask' | 'refuse';
    readonly rule: string | null;
    readonly why: string;
  }[];
  /**
   * Rules that would let exactly this run unasked, one for each command in it that does more than look. None: it
   * destroys or risks something, or its words are known only when it runs.
   */
  readonly always: readonly {
    readonly command: string;
    readonly upTo: 'change' | 'unknown';
    readonly example: string;
  }[];
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

  /** Browsers that are signed in, newest first. */
  sessions(): Promise<readonly SessionView[]>;
  /** Signs one browser out, or all but one. Says how many. What they show live ends at once. */
  endSessions(
    which: { readonly id: string } | { readonly except: string },
  ): Promise<{ readonly ended: number }>;

  tokens(): Promise<readonly TokenView[]>;
  /** The token itself is in this answer and nowhere else. It always stands where `surroundings` say. Throws `token.exists`. */
  addToken(
    surroundings: Surroundings,
    token: NewToken,
  ): Promise<{ readonly token: string; readonly view: TokenView }>;
  /** Throws `token.unknown`. Who signed in with it is signed out. */
  removeToken(name: string): Promise<void>;

  /** The newest entries first; `before` is the number of the last one of the page before. The whole chain is checked: throws `audit.broken`. */
  auditTrail(query: {
    readonly before?: number;
    readonly limit?: number;
  }): Promise<{ readonly entries: readonly AuditEntryView[]; readonly total: number }>;
  /** Nothing is run. Throws `policy.rules-invalid`. */
  explainPolicy(surroundings: Surroundings, command: string, host: string): Promise<PolicyVerdict>;
}
