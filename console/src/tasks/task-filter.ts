import { TASK_STATES, type TaskQuery, type TaskRow, type TaskState } from 'deckhand/client';

/** What the address says of which tasks are wanted. Pure. */
export interface TaskFilter {
  readonly state: TaskState | null;
  readonly kind: string;
  readonly host: string;
  readonly text: string;
}

export function filterOf(address: URLSearchParams): TaskFilter {
  const state = address.get('state') ?? '';
  return {
    state: (TASK_STATES as readonly string[]).includes(state) ? (state as TaskState) : null,
    kind: address.get('kind') ?? '',
    host: address.get('host') ?? '',
    text: address.get('text') ?? '',
  };
}

/** Kinds that can be asked for before any such task is on the list. */
export const USUAL_KINDS = [
  'ssh.execute',
  'agent.run',
  'scp.upload',
  'scp.download',
  'scp.sync',
  'model.deploy',
  'ssh.tunnel',
] as const;

/** A choice among names, in order, each once; what is chosen stays among them, whatever the list says. */
export function choicesOf(
  every: string,
  names: readonly string[],
  chosen: string,
): readonly (readonly [value: string, word: string])[] {
  const all = new Set(chosen === '' ? names : [...names, chosen]);
  return [['', every], ...[...all].toSorted().map(name => [name, name] as const)];
}

/** What the daemon filters; the text is looked for here. */
export function queryOf({ state, kind, host }: TaskFilter): TaskQuery {
  return {
    ...(state !== null && { states: [state] }),
    ...(kind !== '' && { kind }),
    ...(host !== '' && { host }),
  };
}

export function isEmpty({ state, kind, host, text }: TaskFilter): boolean {
  return state === null && kind === '' && host === '' && text === '';
}

export function fits(task: TaskRow, { state, kind, host, text }: TaskFilter): boolean {
  return (
    (state === null || task.state === state) &&
    (kind === '' || task.kind === kind) &&
    (host === '' || task.host === host) &&
    `${task.title} ${task.host ?? ''} ${task.id} ${task.error?.code ?? ''}`
      .toLowerCase()
      .includes(text.toLowerCase())
  );
}

/** The same tasks, each as whichever tells more of it: an answer and a change may cross on their way. */
export function renewed(list: readonly TaskRow[], changed: readonly TaskRow[]): readonly TaskRow[] {
  const news = new Map(changed.map(task => [task.id, task]));
  const isOld = (task: TaskRow): boolean => (news.get(task.id)?.lastSeq ?? -1) >= task.lastSeq;
  return list.some(isOld) ? list.map(task => (isOld(task) ? (news.get(task.id) ?? task) : task)) : list;
}

/** The list after a change: what is known is replaced, what is new and fits comes first. */
export function merged(
  list: readonly TaskRow[],
  changed: readonly TaskRow[],
  filter: TaskFilter,
): readonly TaskRow[] {
  const kept = renewed(list, changed).filter(task => fits(task, { ...filter, text: '' }));
  const known = new Set(list.map(task => task.id));
  const added = changed.filter(task => !known.has(task.id) && fits(task, { ...filter, text: '' }));
  return [...added.toSorted((a, b) => b.createdAt - a.createdAt), ...kept];
}
