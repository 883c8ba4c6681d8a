import { buildCommand } from '@stricli/core';
import type { TaskView } from '../../api/task-api.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { showDuration } from '../../core/duration.ts';
import { EXIT } from '../../core/error-table.ts';
import type { AgentRunParams, AgentRunResult } from '../../core/task-params.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags, value } from '../flags.ts';
import { fit, hostNames, oneLine, table } from '../layout.ts';
import type { Style } from '../style.ts';
import { withTasks } from '../task-session.ts';

interface HistoryFlags extends OutputFlags {
  readonly limit: string | undefined;
  readonly host: string | undefined;
}

/** A run in one line. */
interface PastRun {
  readonly id: string;
  readonly createdAt: string;
  readonly intent: string;
  readonly hosts: readonly string[];
  readonly outcome: string;
  readonly changes: number;
  readonly corrections: number;
  /** Milliseconds; null = not over. */
  readonly duration: number | null;
}

const MOST = 1000;
const LONGEST_INTENT = 60;

/** `deckhand history`. */
export const historyCommand = buildCommand<HistoryFlags, [], CliContext>({
  docs: {
    brief: 'List runs: what was asked, where, what came of it, what it changed',
    fullDescription: `The newest first, then how they went on the whole. Runs are kept for 90 days.

Example:
  deckhand history --host web-1 --limit 20`,
  },
  parameters: {
    flags: {
      ...outputFlags,
      limit: value('Runs at most; default 50', 'N'),
      host: value('Only runs on this host', 'NAME'),
    },
  },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const limit = limitOf(flags.limit);
      // a look at what would change is no run, and a host is one of several: both are sorted out here
      const page = await tasks.tasks({ kind: 'agent.run', limit: MOST });
      const runs = page.tasks
        .filter(({ params }) => params['mode'] !== 'preview')
        .map(toRun)
        .filter(({ hosts }) => flags.host === undefined || hosts.includes(flags.host))
        .slice(0, limit);
      const statistics = statisticsOf(runs);
      result({ runs, statistics }, () => render(runs, statistics, style));
      return EXIT.ok;
    });
  },
});

function limitOf(text: string | undefined): number {
  const limit = Number(text ?? 50);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST) return limit;
  throw new DeckhandError('input.invalid', `--limit: '${text}' is no whole number from 1 to ${MOST}.`);
}

function toRun(task: TaskView): PastRun {
  const { hosts, intent, plan, runbook } = task.params as AgentRunParams;
  const report = (task.result as AgentRunResult | null)?.report;
  const steps = report?.hosts.flatMap(host => host.steps) ?? [];
  const { startedAt, finishedAt } = task;
  return {
    id: task.id,
    createdAt: new Date(task.createdAt).toISOString(),
    intent: intent ?? plan?.goal ?? runbook ?? task.title,
    hosts,
    outcome: report?.outcome ?? task.state,
    changes: report?.hosts.reduce((sum, host) => sum + host.changed, 0) ?? 0,
    corrections: steps.reduce((sum, { corrections }) => sum + corrections.length, 0),
    duration: finishedAt === null || startedAt === null ? null : finishedAt - startedAt,
  };
}

function statisticsOf(runs: readonly PastRun[]) {
  const outcomes: Record<string, number> = {};
  for (const { outcome } of runs) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const over = runs
    .flatMap(({ duration }) => (duration === null ? [] : [duration]))
    .toSorted((a, b) => a - b);
  return {
    runs: runs.length,
    outcomes,
    changes: runs.reduce((sum, { changes }) => sum + changes, 0),
    corrections: runs.reduce((sum, { corrections }) => sum + corrections, 0),
    medianDuration: over[Math.floor(over.length / 2)] ?? null,
  };
}

function render(runs: readonly PastRun[], statistics: ReturnType<typeof statisticsOf>, style: Style): string {
  if (runs.length === 0) return 'There was no run yet.\n';
  const head = ['RUN', 'WHEN', 'OUTCOME', 'CHANGES', 'TOOK', 'HOSTS', 'ASKED'].map(title =>
    style.strong(title),
  );
  const rows = runs.map(run => [
    run.id,
    run.createdAt,
    run.outcome === 'proved'
      ? style.good('proved')
      : run.outcome === 'failed'
        ? style.bad('failed')
        : run.outcome,
    String(run.changes),
    run.duration === null ? '-' : showDuration(run.duration),
    fit(hostNames(run.hosts), 40),
    fit(oneLine(run.intent), LONGEST_INTENT),
  ]);
  const outcomes = Object.entries(statistics.outcomes).map(([outcome, amount]) => `${amount} ${outcome}`);
  const { changes, corrections, medianDuration } = statistics;
  const median = medianDuration === null ? '' : `, median ${showDuration(medianDuration)}`;
  return `${table([head, ...rows])}\n\n${outcomes.join(', ')}; ${changes} changes, ${corrections} corrections${median}\n`;
}
