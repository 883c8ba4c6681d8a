import { DeckhandError } from '../../core/deckhand-error.ts';
import type { RunRecord } from '../../core/run-record.ts';
import type { RunReport } from '../../core/run-report.ts';
import type { AgentRunParams, AgentRunResult } from '../../core/task-params.ts';
import type { TaskEvent } from '../../core/task-event.ts';
import type { TaskApi, TaskView } from '../task-api.ts';

/** Events read at once. */
const PAGE = 1000;

/** Everything that is kept of a run, for a report. Throws `task.unknown`, or `input.invalid` for what is no run. */
export async function runRecordOf(
  tasks: Pick<TaskApi, 'task' | 'events' | 'approvals'>,
  id: string,
): Promise<RunRecord> {
  const task = await tasks.task(id);
  requireRun(task);
  const [events, approvals] = await Promise.all([eventsOf(tasks, id), tasks.approvals(null)]);
  const result = task.result as AgentRunResult | null;
  return {
    task: headOf(task),
    report: result?.report ?? null,
    events,
    approvals: approvals.filter(approval => approval.task === id),
  };
}

/** Throws `input.invalid` for a task that is no run. */
export function requireRun({ id, kind }: Pick<TaskView, 'id' | 'kind'>): void {
  if (kind === 'agent.run') return;
  throw new DeckhandError('input.invalid', `${id} is a task of kind '${kind}', not a run.`, {
    hint: `See \`deckhand task show ${id}\` and \`deckhand task logs ${id}\`.`,
    details: { task: id, kind },
  });
}

/** The report of a run, or `input.invalid` for one that has none. */
export function reportOf({
  report,
  task,
}: {
  readonly report: RunReport | null;
  readonly task: Pick<TaskView, 'id' | 'state'>;
}): RunReport {
  if (report) return report;
  throw new DeckhandError('input.invalid', `${task.id} is ${task.state} and has no report.`, {
    hint: 'Give a run that came to an end: deckhand history',
    details: { task: task.id, state: task.state },
  });
}

function headOf(task: TaskView): RunRecord['task'] {
  const { id, kind, title, state, createdAt, startedAt, finishedAt, requestId, error } = task;
  const { hosts, approve } = task.params as AgentRunParams;
  return { id, kind, title, state, hosts, approve, createdAt, startedAt, finishedAt, requestId, error };
}

async function eventsOf(tasks: Pick<TaskApi, 'events'>, id: string): Promise<readonly TaskEvent[]> {
  const events: TaskEvent[] = [];
  for (;;) {
    const page = await tasks.events(id, events.at(-1)?.seq ?? 0, PAGE);
    events.push(...page);
    if (page.length < PAGE) return events;
  }
}

/** What can be told when only the report itself is at hand. */
export function recordOfReport(report: RunReport): RunRecord {
  const startedAt = Date.parse(report.startedAt);
  return {
    task: {
      id: report.id,
      kind: 'agent.run',
      title: report.goal,
      state: report.outcome === 'proved' ? 'succeeded' : 'failed',
      hosts: report.hosts.map(({ host }) => host),
      approve: 'none',
      createdAt: startedAt,
      startedAt,
      finishedAt: startedAt + report.duration,
      requestId: '',
      error: report.error ?? null,
    },
    report,
    events: [],
    approvals: [],
  };
}
