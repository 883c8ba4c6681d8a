/** What the holder knows of one run. */
export type RunState =
  | FinishedRun
  /** `paused`: the command's own shell is stopped, by whomever. */
  | { readonly state: 'running'; readonly paused: boolean }
  /** Its supervisor is gone and wrote no exit: the host restarted, or somebody killed it. */
  | { readonly state: 'unknown' }
  /** No run directory of this id: it never started here, or was cleaned up. */
  | { readonly state: 'missing' }
  /** The answer to a request that is not about one run. */
  | { readonly state: 'done' };

export interface FinishedRun {
  readonly state: 'finished';
  readonly exitCode: number | null;
  /** Without `SIG`; null when the command exited by itself. */
  readonly signal: string | null;
  /** Bytes in the spool of each stream. */
  readonly kept: Offsets;
  /** Bytes the command wrote; null where a background child was still writing beyond the cap. */
  readonly total: { readonly stdout: number | null; readonly stderr: number | null };
}

/** Byte positions in the two spools. */
export interface Offsets {
  readonly stdout: number;
  readonly stderr: number;
}

export const START: Offsets = { stdout: 0, stderr: 0 };

/** Linux numbers: the target's, not this machine's. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: 'HUP',
  2: 'INT',
  3: 'QUIT',
  4: 'ILL',
  5: 'TRAP',
  6: 'ABRT',
  7: 'BUS',
  8: 'FPE',
  9: 'KILL',
  10: 'USR1',
  11: 'SEGV',
  12: 'USR2',
  13: 'PIPE',
  14: 'ALRM',
  15: 'TERM',
  24: 'XCPU',
  25: 'XFSZ',
  31: 'SYS',
};

/** `9` → `KILL`; a number without a name stays a number. */
export function signalName(number: number): string {
  return SIGNALS[number] ?? String(number);
}
