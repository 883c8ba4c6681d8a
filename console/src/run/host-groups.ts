import { isFinal, type LinePage, type TaskRow } from 'deckhand/client';

/** Hosts of a run, and which of them said the same. Pure. */

/** Failures first, then what needs somebody, then what goes on; by name within. */
const ORDER: readonly TaskRow['state'][] = [
  'failed',
  'lost',
  'waiting-approval',
  'paused',
  'running',
  'queued',
  'delayed',
  'blocked',
  'cancelled',
  'skipped',
  'succeeded',
];

export function failuresFirst(tasks: readonly TaskRow[]): readonly TaskRow[] {
  const rank = (task: TaskRow): number => ORDER.indexOf(task.state);
  return tasks.toSorted(
    (a, b) => rank(a) - rank(b) || (a.host ?? a.id).localeCompare(b.host ?? b.id, 'en', { numeric: true }),
  );
}

export interface OutputGroup {
  readonly tasks: readonly TaskRow[];
  /** The first lines of what they said. */
  readonly sample: string;
}

/**
 * What a host said, for comparing: how it ended, how much, and the first lines. Each stream by itself: in which order
 * the two arrived is chance.
 */
export function signatureOf(task: TaskRow, page: LinePage): string {
  const linesOf = (name: string): readonly string[] =>
    page.lines.filter(({ stream }) => stream === name).map(({ text }) => `${name} ${text}`);
  return [task.state, task.error?.code ?? '', page.total, ...linesOf('stdout'), ...linesOf('stderr')].join(
    '\n',
  );
}

/** Hosts that said the same together, the largest group first. Null until all have ended. */
export function outputGroups(
  tasks: readonly TaskRow[],
  pages: ReadonlyMap<string, LinePage>,
): readonly OutputGroup[] | null {
  if (tasks.length < 2 || !tasks.every(task => isFinal(task.state) && pages.has(task.id))) return null;
  const groups = Map.groupBy(tasks, task => signatureOf(task, pages.get(task.id) as LinePage));
  return [...groups.values()]
    .map(members => ({
      tasks: members,
      sample: (pages.get(members[0]?.id ?? '')?.lines ?? []).map(line => line.text).join('\n'),
    }))
    .toSorted((a, b) => b.tasks.length - a.tasks.length);
}

/** `11 same, 1 differs`. */
export function sameText(groups: readonly OutputGroup[]): string {
  const [largest, ...others] = groups.map(group => group.tasks.length);
  const different = others.reduce((sum, count) => sum + count, 0);
  if (largest === undefined || different === 0) return `all ${largest ?? 0} the same`;
  if (largest === 1) return `all ${different + 1} differ`;
  return `${largest} same, ${different} ${different === 1 ? 'differs' : 'differ'}`;
}
