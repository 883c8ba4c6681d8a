/**
 * One command started on one host under the holder, and what was seen of it.
 * Never says `succeeded` unless exit code 0 was read from the host.
 */
export type Verdict = 'succeeded' | 'failed' | 'killed' | 'unknown';

/** Who the command runs as: the login account, or root (directly, or by sudo). */
export type Privilege = 'user' | 'root';

export interface CommandRequest {
  readonly host: string;
  /** POSIX sh text. */
  readonly script: string;
  readonly privilege: Privilege;
  readonly stdin?: Uint8Array;
  /** Milliseconds; 0 = none. */
  readonly timeout: number;
  /** Milliseconds without output; 0 or absent = none. */
  readonly idleTimeout?: number;
  /** Most bytes of each stream that are taken at all; what is beyond is counted and said. */
  readonly outputLimit: number;
  /** Most bytes of each stream in the answer, for who stores the output elsewhere. Default: the output limit. */
  readonly collect?: number;
  /** False runs straight on a channel, without the holder: for checks and facts, which change nothing. */
  readonly durable: boolean;
  /** True: it changes nothing, so it is asked again when the link breaks under it. */
  readonly repeatable?: boolean;
  /** The same for the same piece of work, so that a later claim finds the run again; absent = a new run each time. */
  readonly key?: string;
}

export interface CommandRun {
  readonly id: string;
  readonly host: string;
  readonly script: string;
  readonly privilege: Privilege;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly verdict: Verdict;
  readonly exitCode: number | null;
  /** `KILL`, `TERM` … when the verdict is killed. */
  readonly signal: string | null;
  /** The first bytes: the whole stream where its length is `stdoutBytes`. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** True bytes the command wrote, also beyond what was taken. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** The command wrote more than the output limit: the rest was seen by nobody. */
  readonly truncated: boolean;
}

export type OutputStream = 'stdout' | 'stderr';
/** A returned promise is waited for before the next piece: a slow reader slows the transport, not the command. */
export type OnOutput = (stream: OutputStream, bytes: Uint8Array) => void | Promise<void>;

/**
 * The one door to a host, as the work layer sees it. Throws a DeckhandError only when nothing is
 * known of the run (no connection, no privilege); a command that ran and failed is a CommandRun.
 */
export type RunCommand = (
  request: CommandRequest,
  signal: AbortSignal,
  onOutput?: OnOutput,
) => Promise<CommandRun>;
