import type { Submission } from '../api/task-api.ts';
import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { newId } from '../core/ids.ts';
import type { NewTask, RetryRule } from '../core/task.ts';
import { sanitiseText } from '../core/untrusted.ts';
import type { TaskKind } from '../tasks/task-kind.ts';
import type { TaskRegistry } from '../tasks/task-registry.ts';

const LARGEST_INPUT = 16 * 1024 * 1024;
const LONGEST_TEXT = 200;
const MOST_TAGS = 20;
const MOST_RETRIES = 100;

/** What a submission is checked against. */
export interface SubmissionPlace {
  readonly registry: TaskRegistry;
  readonly clock: Clock;
  readonly requestId: string;
  /** Names of the selected hosts; throws `fleet.unknown-host`. */
  readonly select: (selector: string) => Promise<readonly string[]>;
}

/**
 * A submission as tasks, or an error that names the field; nothing is kept yet.
 * Throws `input.invalid`, `task.unknown-kind`, `task.too-large`, `fleet.unknown-host`.
 */
export async function prepareSubmission(
  submission: Submission,
  place: SubmissionPlace,
): Promise<readonly NewTask[]> {
  const kind = place.registry.kind(submission.kind);
  const { input } = submission;
  if (input && input.length > LARGEST_INPUT) {
    throw new DeckhandError(
      'task.too-large',
      `input: ${input.length} bytes; a task carries at most ${LARGEST_INPUT}.`,
      { details: { field: 'input', size: input.length, limit: LARGEST_INPUT } },
    );
  }
  const hosts = await hostsOf(kind, submission, place);
  const given = kind.hosts === 'together' ? { ...submission.params, hosts } : submission.params;
  const params = place.registry.check(kind, given);
  const now = place.clock.now();
  const group = newId('group', now);
  const common = { ...commonOf(kind, submission, now), group, params, requestId: place.requestId };
  const places =
    kind.hosts === 'each'
      ? hosts
      : [kind.hosts === 'together' && hosts.length === 1 ? (hosts[0] ?? null) : null];
  return places.map((host, index): NewTask => {
    const key = submission.idempotencyKey;
    return {
      ...common,
      id: newId('task', now),
      host,
      input: input ?? null,
      title: titleOf(kind, submission, params, host),
      idempotencyKey: key === undefined ? null : places.length === 1 ? key : `${key}#${index}`,
    };
  });
}

async function hostsOf(
  kind: TaskKind,
  { hosts }: Submission,
  place: SubmissionPlace,
): Promise<readonly string[]> {
  if (kind.hosts === 'none') {
    if (hosts !== undefined) throw invalid('hosts', `'${kind.name}' works on no host`);
    return [];
  }
  if (hosts === undefined || hosts.trim() === '')
    throw invalid('hosts', `'${kind.name}' needs a selector of hosts`);
  return await place.select(hosts);
}

function commonOf(
  kind: TaskKind,
  submission: Submission,
  now: number,
): Omit<NewTask, 'id' | 'group' | 'host' | 'params' | 'input' | 'title' | 'idempotencyKey' | 'requestId'> {
  const { surroundings, tags = [], priority = 0, after = [] } = submission;
  checkText('category', submission.category);
  checkText('idempotencyKey', submission.idempotencyKey);
  if (tags.length > MOST_TAGS) throw invalid('tags', `at most ${MOST_TAGS} tags`);
  tags.forEach((tag, index) => checkText(`tags.${index}`, tag));
  checkNumber('priority', priority, -100, 100);
  return {
    kind: kind.name,
    surroundings,
    category: submission.category ?? kind.category,
    tags,
    priority,
    onLost: submission.onLost ?? kind.onLost,
    retry: retryOf(kind.retry, submission.retry),
    runAfter: runAfterOf(submission.runAfter, now),
    dependsOn: after,
    onDependencyFailed: submission.onDependencyFailed ?? 'skip',
    retryOf: null,
  };
}

function retryOf(rule: RetryRule, change: Submission['retry']): RetryRule {
  const { limit, pause, longestPause } = { ...rule, ...change };
  checkNumber('retry.limit', limit, 0, MOST_RETRIES);
  checkNumber('retry.pause', pause, 0, 86_400_000);
  checkNumber('retry.longestPause', longestPause, 0, 86_400_000);
  return { limit, pause, longestPause };
}

function runAfterOf(value: Submission['runAfter'], now: number): number | null {
  if (value === undefined) return null;
  const time = typeof value === 'number' ? value : Date.parse(value);
  if (!Number.isFinite(time)) throw invalid('runAfter', `'${value}' is no time; write ISO 8601`);
  return time > now ? time : null;
}

function titleOf(
  kind: TaskKind,
  { title }: Submission,
  params: Readonly<Record<string, unknown>>,
  host: string | null,
): string {
  if (title !== undefined) checkText('title', title);
  return sanitiseText(title ?? kind.title(params, host))
    .replaceAll(/\s+/g, ' ')
    .slice(0, LONGEST_TEXT);
}

function checkText(field: string, text: string | undefined): void {
  if (text === undefined) return;
  if (text.trim() === '' || text.length > LONGEST_TEXT || /\p{Cc}/u.test(text))
    throw invalid(field, `give 1 to ${LONGEST_TEXT} characters on one line`);
}

function checkNumber(field: string, value: number, smallest: number, largest: number): void {
  if (!Number.isInteger(value) || value < smallest || value > largest)
    throw invalid(field, `${value} is no whole number from ${smallest} to ${largest}`);
}

function invalid(field: string, text: string): DeckhandError {
  return new DeckhandError('input.invalid', `${field}: ${text}.`, { details: { field } });
}
