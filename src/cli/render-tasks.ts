import type { TaskView } from '../api/task-api.ts';
import { showDuration } from '../core/duration.ts';
import type { PlanPreview } from '../core/run-report.ts';
import type { TaskEvent } from '../core/task-event.ts';
import type { AgentRunResult } from '../core/task-params.ts';
import type { TaskState } from '../core/task-state.ts';
import { isFinal } from '../core/task-state.ts';
import { toJson } from '../core/json-text.ts';
import { indent, oneLine, table } from './layout.ts';
import { renderPlan } from './render-plan.ts';
import { renderReport } from './render-report.ts';
import type { Style } from './style.ts';

/** Longest title in a list, characters. */
const TITLE = 48;

/** A state as a word, coloured by what it means. */
export function showState(state: TaskState, style: Style): string {
  if (state === 'succeeded') return style.good(state);
  if (state === 'failed' || state === 'lost') return style.bad(state);
  if (state === 'waiting-approval' || state === 'paused') return style.warning(state);
  return state === 'running' ? style.accent(state) : style.faint(state);
}

/** Its state, or what it is about to become. */
function stateOf(task: TaskView, style: Style): string {
  if (task.state !== 'running') return showState(task.state, style);
  if (task.cancelAsked !== 'no') return style.warning('cancelling');
  return task.pauseAsked ? style.warning('pausing') : showState('running', style);
}

/** Tasks, one per line, as given. `now` = milliseconds since the epoch. */
export function renderTaskList(tasks: readonly TaskView[], now: number, style: Style): string {
  if (tasks.length === 0) return 'No task fits.\n';
  const head = ['ID', 'STATE', 'KIND', 'HOST', 'TITLE', 'AGE', 'TOOK'].map(title => style.strong(title));
  const rows = tasks.map(task => [
    task.id,
    stateOf(task, style),
    task.kind,
    oneLine(task.host ?? '-'),
    shortened(oneLine(task.title)),
    showDuration(Math.max(0, now - task.createdAt)),
    tookOf(task, now),
  ]);
  return `${table([head, ...rows])}\n`;
}

function shortened(text: string): string {
  const characters = Array.from(text);
  return characters.length <= TITLE ? text : `${characters.slice(0, TITLE - 1).join('')}…`;
}

/** How long it ran, so far or in all; `-` before it starts. */
function tookOf({ startedAt, finishedAt }: TaskView, now: number): string {
  return startedAt === null ? '-' : showDuration(Math.max(0, (finishedAt ?? now) - startedAt));
}

/** One task with all that is worth knowing. */
export function renderTask(task: TaskView, events: readonly TaskEvent[], now: number, style: Style): string {
  const rows = [...stateRows(task, now, style), ...ruleRows(task)];
  const parts = [`${style.strong(task.id)} ${oneLine(task.title)}\n${table(rows, '  ')}\n`];
  if (task.error)
    parts.push(
      `${style.bad(task.error.code)}: ${oneLine(task.error.message)}\nhint: ${oneLine(task.error.hint)}\n`,
    );
  const { plan: _, ...params } = task.params;
  const { preview, report } = (task.result ?? {}) as AgentRunResult;
  const planned = preview ?? (report ? undefined : newestPlan(events));
  // a plan is better read below than as data
  parts.push(`params\n${dataText(planned || report ? params : task.params)}`);
  if (planned) parts.push(`plan\n${indent(renderPlan(planned, style), '  ')}`);
  if (report) parts.push(`report\n${indent(renderReport(report, style), '  ')}`);
  else if (task.result && !preview) parts.push(`result\n${dataText(task.result)}`);
  if (events.length > 0)
    parts.push(
      `events\n${table(
        events.map(event => eventRow(event, style)),
        '  ',
      )}\n`,
    );
  return parts.join('');
}

/** What a run that has not ended yet means to do: there a person reads what an approval is for. */
function newestPlan(events: readonly TaskEvent[]): PlanPreview | undefined {
  const event = events.findLast(each => each.kind === 'plan-ready');
  return event?.kind === 'plan-ready' ? event.preview : undefined;
}

function stateRows(task: TaskView, now: number, style: Style): readonly string[][] {
  const { progress } = task;
  return [
    ['state', [stateOf(task, style), task.phase ?? ''].filter(Boolean).join(', ')],
    ['kind', task.kind],
    ['host', oneLine(task.host ?? '-')],
    ['group', task.group],
    ['attempt', `${task.attempt} of ${task.retry.limit + 1}`],
    ['made', timeText(task.createdAt)],
    ['started', task.startedAt === null ? '-' : timeText(task.startedAt)],
    ['ended', task.finishedAt === null ? '-' : timeText(task.finishedAt)],
    ['took', tookOf(task, now)],
    ...(task.startedAt === null && !isFinal(task.state) && task.runAfter > now
      ? [['not before', timeText(task.runAfter)]]
      : []),
    ...(progress
      ? [
          [
            'progress',
            `${progress.done}${progress.total === null ? '' : ` of ${progress.total}`} ${progress.unit}, ${oneLine(progress.text)}`,
          ],
        ]
      : []),
    ...(task.cancelAsked === 'no'
      ? []
      : [['cancel', `asked for${task.cancelAsked === 'force' ? ', by force' : ''}`]]),
  ];
}

function ruleRows(task: TaskView): readonly string[][] {
  return [
    ['priority', String(task.priority)],
    ['category', oneLine(task.category)],
    ...(task.tags.length === 0 ? [] : [['tags', task.tags.map(oneLine).join(', ')]]),
    ['when lost', task.onLost],
    ...(task.dependsOn.length === 0 ? [] : [['after', task.dependsOn.join(', ')]]),
    ...(task.retryOf === null ? [] : [['repeats', task.retryOf]]),
    ['request', task.requestId],
  ];
}

/** Local time with its zone, to the second. */
export function timeText(time: number): string {
  return new Date(time)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

function dataText(data: Readonly<Record<string, unknown>>): string {
  const text = toJson(data, 2).split('\n').slice(1, -1).map(oneLineKeepingIndent).join('\n');
  return text === '' ? '' : `${indent(text, '')}\n`;
}

function oneLineKeepingIndent(line: string): string {
  return (/^ */.exec(line)?.[0] ?? '') + oneLine(line);
}

function eventRow(event: TaskEvent, style: Style): string[] {
  return [style.faint(timeText(Date.parse(event.time))), event.kind, oneLine(eventText(event))];
}

/** What an event says beyond its kind, in a few words. */
export function eventText(event: TaskEvent): string {
  switch (event.kind) {
    case 'task-state':
      return [event.state, event.reason, event.error?.code].filter(Boolean).join(', ');
    case 'task-started':
      return `claim ${event.claim} by ${event.executor}`;
    case 'claim-lost':
      return event.reason;
    case 'attempt-failed':
      return `${event.error.code}: ${event.error.message}; again at ${timeText(event.nextAt)}`;
    case 'run-begun':
      return `${event.runId} on ${event.host}`;
    case 'phase':
      return event.phase;
    case 'progress':
      return `${event.progress.done}${event.progress.total === null ? '' : `/${event.progress.total}`} ${event.progress.unit} ${event.progress.text}`;
    case 'cancel-asked':
      return event.force ? 'by force' : '';
    case 'note':
      return event.text;
    case 'plan-ready':
      return `plan ${event.preview.hash.slice(0, 12)}`;
    case 'approval-requested':
      return `${event.approval ?? ''} ${event.title}`;
    case 'proof':
      return `${event.host}: ${event.proof.holds ? 'holds' : 'does not hold'}: ${event.proof.title}`;
    case 'host-phase':
      return `${event.host}: ${event.phase}`;
    case 'step-started':
      return `${event.host}: step ${event.index}/${event.total} ${event.title}`;
    case 'step-completed':
      return `${event.host}: ${event.outcome} ${event.report.title}`;
    case 'host-completed':
      return `${event.host}: ${event.outcome}`;
    case 'state-applying':
      return `${event.host}: ${event.state}`;
    case 'correction':
      return `${event.host}: ${event.title}`;
    default:
      return '';
  }
}
