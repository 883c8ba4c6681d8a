/** Process exit codes of the `deckhand` command. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  someHostsFailed: 3,
  unreachable: 4,
  authentication: 5,
  refused: 6,
  approvalNeeded: 7,
  timedOut: 8,
  changesPending: 10,
  interrupted: 130,
} as const;

export type ExitName = keyof typeof EXIT;

export interface ErrorTraits {
  /** What it means, one sentence. */
  readonly title: string;
  /** May the same attempt be repeated unchanged and succeed? */
  readonly retryable: boolean;
  readonly exit: ExitName;
  readonly httpStatus: number;
  /** What the person can do about it. */
  readonly hint: string;
}

/** One row of the table. */
export function row(
  title: string,
  exit: ExitName,
  httpStatus: number,
  hint: string,
  retryable: 'retry' | 'final' = 'final',
): ErrorTraits {
  return { title, exit, httpStatus, hint, retryable: retryable === 'retry' };
}
