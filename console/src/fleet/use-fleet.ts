import { useRef } from 'react';
import type { HostSummary, TaskRow, TunnelView } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { useAnswer, type Answer } from '../engine/use-answer.ts';
import { useChanges } from '../engine/use-live.ts';
import { merged, type TaskFilter } from '../tasks/task-filter.ts';
import { hostRows, shortFacts, type HostRow, type ShortFacts } from './host-rows.ts';

/** Ended and running tasks from which the states of hosts are read. */
const MOST_TASKS = 500;
const MOST_FACTS = 300;
const PAUSE = 500;
const EVERY_TASK: TaskFilter = { state: null, kind: '', host: '', text: '' };

interface Fleet {
  readonly hosts: readonly HostSummary[];
  readonly tasks: readonly TaskRow[];
  readonly facts: ReadonlyMap<string, ShortFacts>;
  readonly tunnels: readonly TunnelView[];
}

/** All hosts with what is known of them, kept true by every task that ends. Nothing is asked of a host for it. */
export function useFleet(): { readonly rows: readonly HostRow[]; readonly answer: Answer<Fleet> } {
  const answer = useAnswer<Fleet>('fleet', async () => {
    const [hosts, tasks, facts, tunnels] = await Promise.all([
      api.listHosts(HERE, null),
      api.tasks({ limit: MOST_TASKS }),
      api.tasks({ kind: 'host.facts', states: ['succeeded'], limit: MOST_FACTS }),
      api.tunnels(),
    ]);
    const newest = new Map<string, ShortFacts>();
    for (const { host, result } of facts.tasks.toReversed()) {
      const short = shortFacts(result);
      if (host !== null && short) newest.set(host, short);
    }
    return { hosts, tasks: tasks.tasks, facts: newest, tunnels };
  });
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useChanges(change => {
    if (change.item !== 'tasks' && change.item !== 'many') return;
    // a tunnel tells its state with its task
    const isMore =
      change.item === 'tasks' &&
      change.tasks.some(
        ({ kind, state }) => kind === 'ssh.tunnel' || (kind === 'host.facts' && state === 'succeeded'),
      );
    if (change.item === 'many' || isMore) {
      timer.current ??= setTimeout(() => {
        timer.current = null;
        answer.reload();
      }, PAUSE);
    }
    if (change.item !== 'tasks') return;
    answer.update(fleet => ({
      ...fleet,
      tasks: merged(fleet.tasks, change.tasks, EVERY_TASK)
        .toSorted((a, b) => b.createdAt - a.createdAt)
        .slice(0, MOST_TASKS),
    }));
  });
  return { rows: answer.value ? hostRows(answer.value) : [], answer };
}

/** Submits a kind of question to hosts. Gives the group. */
export async function askHosts(
  kind: 'ssh.connect' | 'host.facts' | 'host.doctor',
  hosts: readonly string[],
): Promise<string> {
  const params = kind === 'host.facts' ? { refresh: true } : {};
  return (await api.submit({ kind, hosts: hosts.join(','), params, surroundings: HERE })).group;
}
