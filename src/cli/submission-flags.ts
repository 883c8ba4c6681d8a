import type { SubmissionExtras } from '../api/over-tasks/submissions.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { parseDuration } from '../core/duration.ts';
import { type CommonFlags, list, toggle, value } from './flags.ts';

/** What `exec`, `ask` and `apply` take about the task they make: when, how urgent, under which name. */
export interface SubmissionFlags {
  readonly detach: boolean;
  readonly wait: boolean;
  readonly priority: string | undefined;
  readonly tag: readonly string[];
  readonly category: string | undefined;
  readonly retries: string | undefined;
  readonly onLost: string | undefined;
  readonly at: string | undefined;
  readonly in: string | undefined;
  readonly after: readonly string[];
  readonly key: string | undefined;
}

export const extraFlags = {
  priority: value('Between -100 and 100; higher goes first. Default 0', 'N'),
  tag: list('A word to find the task by; repeatable', 'TAG'),
  category: value('What the task belongs to', 'NAME'),
  retries: value('Repeats after a failed attempt. Default 0', 'N'),
  onLost: value('When nobody saw its end: hold (a person decides) or retry', 'hold|retry'),
} as const;

export const submissionFlags = {
  detach: toggle('Leave at once: print the id of the task, the daemon carries it out'),
  wait: toggle('Follow the task to its end; this is the default'),
  ...extraFlags,
  at: value('Not before this time: 2027-01-31T08:00, or with a zone 2027-01-31T08:00Z', 'TIME'),
  in: value('Not before this much later: 10m, 2h', 'DURATION'),
  after: list('Only after this task has succeeded; repeatable', 'ID'),
  key: value('The same key again makes no second task, but gives the first one', 'TEXT'),
} as const;

const HIGHEST_PRIORITY = 100;
const MOST_RETRIES = 100;

/** The flags that say what a task is like, checked. `now` = milliseconds since the epoch. Throws `input.invalid`. */
export function submissionExtras(flags: SubmissionFlags, now: number): SubmissionExtras {
  const runAfter = runAfterOf(flags, now);
  return {
    ...extrasOf(flags),
    ...(runAfter === undefined ? {} : { runAfter }),
    ...(flags.after.length === 0 ? {} : { after: flags.after }),
    ...(flags.key === undefined ? {} : { idempotencyKey: flags.key }),
  };
}

/** The part of it that schedules take as well. Throws `input.invalid`. */
export function extrasOf(
  flags: Pick<SubmissionFlags, 'priority' | 'tag' | 'category' | 'retries' | 'onLost'>,
): SubmissionExtras {
  const { priority, tag, category, retries, onLost } = flags;
  if (onLost !== undefined && onLost !== 'hold' && onLost !== 'retry')
    throw new DeckhandError('input.invalid', `--on-lost: '${onLost}' is neither hold nor retry.`);
  return {
    ...(priority === undefined
      ? {}
      : { priority: wholeNumber(priority, '--priority', -HIGHEST_PRIORITY, HIGHEST_PRIORITY) }),
    ...(tag.length === 0 ? {} : { tags: tag }),
    ...(category === undefined ? {} : { category }),
    ...(retries === undefined
      ? {}
      : { retry: { limit: wholeNumber(retries, '--retries', 0, MOST_RETRIES) } }),
    ...(onLost === undefined ? {} : { onLost }),
  };
}

/** What excludes what. Throws `input.invalid`. */
export function checkDetach(flags: CommonFlags & Pick<SubmissionFlags, 'detach' | 'wait'>): void {
  if (!flags.detach) return;
  const attached = {
    '--wait': flags.wait,
    '--local': flags.local,
    '--ask-password': flags.askPassword,
    '--ask-sudo-password': flags.askSudoPassword,
    '--sudo-password-file': flags.sudoPasswordFile !== undefined,
    '--sudo-password-fd': flags.sudoPasswordFd !== undefined,
    '--accept-host-key': flags.acceptHostKey,
  };
  const found = Object.entries(attached).find(([, given]) => given);
  if (!found) return;
  throw new DeckhandError('input.invalid', `--detach and ${found[0]} exclude each other.`, {
    hint:
      found[0] === '--wait' || found[0] === '--local'
        ? 'Choose one of them.'
        : 'What a person gives is never kept, and after --detach nobody is there to give it.',
  });
}

/** A whole number within limits. Throws `input.invalid`. */
export function wholeNumber(text: string, field: string, least: number, most: number): number {
  const number = /^[+-]?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new DeckhandError(
    'input.invalid',
    `${field}: '${text}' is no whole number between ${least} and ${most}.`,
  );
}

function runAfterOf(flags: Pick<SubmissionFlags, 'at' | 'in'>, now: number): number | undefined {
  if (flags.at !== undefined && flags.in !== undefined)
    throw new DeckhandError('input.invalid', '--at and --in exclude each other.');
  if (flags.in !== undefined) return now + parseDuration(flags.in, '--in');
  if (flags.at === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?$/.test(flags.at) ? Date.parse(flags.at) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new DeckhandError(
    'input.invalid',
    `--at: '${flags.at}' is no time; write 2027-01-31T08:00 (local time) or 2027-01-31T08:00Z.`,
  );
}
