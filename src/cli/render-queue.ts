import type { QueueStatistics, ScheduleView } from '../core/queue-view.ts';
import type { QueueHealth, QueueLimits } from '../api/task-api.ts';
import { showDuration } from '../core/duration.ts';
import type { Approval } from '../core/task.ts';
import { TASK_STATES, type TaskState } from '../core/task-state.ts';
import type { DaemonStatus } from './context.ts';
import { oneLine, table } from './layout.ts';
import { showState, timeText } from './render-tasks.ts';
import type { Style } from './style.ts';

/** The queue at a glance: state, problems, executors, limits, tasks by state. */
export function renderHealth(health: QueueHealth, style: Style): string {
  const paint = health.status === 'ok' ? style.good : health.status === 'paused' ? style.warning : style.bad;
  const problems = health.problems.map(problem => `  ${style.warning('!')} ${oneLine(problem)}\n`).join('');
  const rows = [
    ['version', `${health.version}, process ${health.pid}, since ${health.startedAt}`],
    ['store', oneLine(health.store)],
    ...health.executors.map(({ name, pid, running, crashes }) => [
      name,
      `process ${pid ?? '-'}, ${running} running, ${crashes} crashes`,
    ]),
    ['limits', limitsText(health.limits)],
    ['tasks', countsText(health.counts, style)],
  ];
  return `${style.strong('queue')} ${paint(health.status)}\n${problems}${table(rows, '  ')}\n`;
}

/** How much runs at once. */
export function renderLimits(limits: QueueLimits): string {
  return `${limitsText(limits)}\n`;
}

function limitsText({ total, perHost, hosts }: QueueLimits): string {
  const own = Object.entries(hosts).map(([host, most]) => `${oneLine(host)} ${most}`);
  return [`${total} in all`, `${perHost} per host`, ...own].join(', ');
}

function countsText(counts: Readonly<Partial<Record<TaskState, number>>>, style: Style): string {
  const parts = TASK_STATES.filter(state => counts[state]).map(
    state => `${counts[state]} ${showState(state, style)}`,
  );
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/** What came of all tasks that are remembered. */
export function renderStatistics(statistics: QueueStatistics, style: Style): string {
  const { duration, successRate, lastHour, lastDay, errorsByCode } = statistics;
  const part = ({ finished, failed }: typeof lastHour): string =>
    `${finished} ended, ${failed} of them failed`;
  const errors = Object.entries(errorsByCode).sort((left, right) => right[1] - left[1]);
  const rows = [
    ['tasks', countsText(statistics.byState, style)],
    ['succeeded', successRate === null ? '-' : `${(successRate * 100).toFixed(1)} %`],
    [
      'took',
      duration === null
        ? '-'
        : `mean ${showDuration(duration.mean)}, p50 ${showDuration(duration.p50)}, p95 ${showDuration(duration.p95)}, p99 ${showDuration(duration.p99)}`,
    ],
    ['repeats', String(statistics.retries)],
    ['last hour', part(lastHour)],
    ['last day', part(lastDay)],
    ...errors.map(([code, times], index) => [index === 0 ? 'errors' : '', `${times} ${style.bad(code)}`]),
  ];
  return `${table(rows)}\n`;
}

/** Schedules, one per line. */
export function renderSchedules(schedules: readonly ScheduleView[], style: Style): string {
  if (schedules.length === 0) return 'No schedule is set.\n';
  const head = ['ID', 'NAME', 'WHEN', 'NEXT', 'LAST', 'KIND', 'HOSTS'].map(title => style.strong(title));
  const time = (text: string | null): string => (text === null ? '-' : timeText(Date.parse(text)));
  const rows = schedules.map(schedule => [
    schedule.id,
    oneLine(schedule.name),
    `${oneLine(schedule.when)} ${style.faint(oneLine(schedule.timeZone))}`,
    schedule.enabled ? time(schedule.nextAt) : style.faint('off'),
    time(schedule.lastAt),
    schedule.kind,
    oneLine(schedule.hosts ?? '-'),
  ]);
  return `${table([head, ...rows])}\n`;
}

/** Approvals, one per line. */
export function renderApprovals(approvals: readonly Approval[], now: number, style: Style): string {
  if (approvals.length === 0) return 'Nothing waits for an approval.\n';
  const head = ['ID', 'STATE', 'PLAN', 'ASKED', 'EXPIRES', 'TASK', 'WHAT'].map(title => style.strong(title));
  const rows = approvals.map(approval => [
    approval.id,
    approval.state === 'open' ? style.warning('open') : approval.state,
    approval.hash.slice(0, 12),
    `${showDuration(Math.max(0, now - approval.askedAt))} ago`,
    approval.state === 'open' ? `in ${showDuration(Math.max(0, approval.expiresAt - now))}` : '-',
    approval.task,
    oneLine(approval.title),
  ]);
  return `${table([head, ...rows])}\n`;
}

/** The daemon as a process. */
export function renderDaemon(status: DaemonStatus, style: Style): string {
  const rows = [
    ['process', status.pid === null ? '-' : String(status.pid)],
    ['version', status.version ?? '-'],
    ['since', status.startedAt ?? '-'],
    ['socket', oneLine(status.socket)],
    ['store', oneLine(status.store)],
    ['log', oneLine(status.logFile)],
  ];
  const word = status.running ? style.good('running') : style.warning('not running');
  return `${style.strong('daemon')} ${word}\n${table(rows, '  ')}\n`;
}
