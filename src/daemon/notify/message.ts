import type { ErrorRecord } from '../../core/deckhand-error.ts';
import { maskSecrets } from '../../core/mask-secrets.ts';
import { isFinal } from '../../core/task-state.ts';
import type { TaskEvent } from '../../core/task-event.ts';
import type { TaskRecord } from '../../core/task.ts';
import { oneLine } from '../../core/untrusted.ts';
import type { NotifyEvent } from '../../settings/notify-schema.ts';

/** What a person is told: bounded, sanitised text and ids to look further; no output of a host, no secret. */
export interface Message {
  readonly version: 1;
  /** The same whenever the same thing is told again to the same receiver. */
  readonly id: string;
  readonly event: NotifyEvent | 'test';
  /** ISO 8601: when it happened. */
  readonly time: string;
  readonly task: string;
  readonly kind: string;
  readonly title: string;
  readonly state: string;
  readonly hosts: readonly string[];
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
  /** What a person can type. */
  readonly next: string;
  readonly text: string;
}

/** Longest title, error or text, in characters; most hosts named. */
const LONGEST = 500;
const MOST_HOSTS = 20;

/** What of an event can be told; empty for most. */
export function eventsToTell(event: TaskEvent, task: TaskRecord): readonly NotifyEvent[] {
  const run = task.kind === 'agent.run';
  // a look at what would change is no run
  if (run && task.params['mode'] === 'preview') return [];
  if (event.kind === 'task-started' && run && event.claim === 1) return ['run-started'];
  if (event.kind === 'step-completed')
    return event.outcome === 'failed' ? ['step-failed', 'step-ended'] : ['step-ended'];
  if (event.kind === 'needs-person') return ['needs-person'];
  if (event.kind !== 'task-state') return [];
  if (event.state === 'waiting-approval') return ['approval-requested'];
  if (!isFinal(event.state) || event.state === 'skipped') return [];
  const failed = event.state === 'failed' || event.state === 'lost';
  const prefix = run ? 'run' : 'task';
  return [
    ...(event.state === 'lost' ? (['needs-person'] as const) : []),
    ...(failed ? ([`${prefix}-failed`] as const) : []),
    `${prefix}-ended`,
  ];
}

/** Kinds of events that may be told: asked of every commit, so it must be quick. */
export function mayBeTold(event: TaskEvent): boolean {
  return TOLD.has(event.kind);
}
const TOLD: ReadonlySet<string> = new Set(['task-state', 'task-started', 'step-completed', 'needs-person']);

export interface About {
  readonly id: string;
  readonly event: NotifyEvent;
  readonly template: string | undefined;
  /** The open approval, where one is asked for. */
  readonly approval: string | undefined;
}

/** An event in words. Pure. */
export function messageOf(source: TaskEvent, task: TaskRecord, about: About): Message {
  const { event, id } = about;
  const step = source.kind === 'step-completed' ? source : null;
  const error = errorOf(source) ?? task.error;
  const base = {
    version: 1,
    id,
    event,
    time: source.time,
    task: task.id,
    kind: task.kind,
    title: bounded(step ? `${task.title}: ${step.report.title} on ${step.host}` : task.title),
    state: source.kind === 'task-state' ? source.state : step ? step.outcome : task.state,
    hosts: hostsOf(task)
      .slice(0, MOST_HOSTS)
      .map(name => bounded(name)),
    error: error ? { code: error.code, message: bounded(error.message), hint: bounded(error.hint) } : null,
    next: nextOf(task, about),
  } as const;
  return { ...base, text: textOf(base, about.template) };
}

function errorOf(event: TaskEvent): ErrorRecord | undefined {
  if (event.kind === 'task-state') return event.error;
  return event.kind === 'step-completed' ? event.report.error : undefined;
}

function hostsOf({ host, params }: TaskRecord): readonly string[] {
  if (host !== null) return [host];
  const names: unknown = params['hosts'];
  return Array.isArray(names) ? names.map(String) : [];
}

function nextOf(task: TaskRecord, { approval }: About): string {
  if (approval !== undefined) return `deckhand approvals show ${approval}`;
  return task.kind === 'agent.run' ? `deckhand report ${task.id}` : `deckhand task show ${task.id}`;
}

const TEMPLATE = '{{title}}: {{state}} on {{hosts}}. {{error}} {{next}}';

/** Only the names that are known are filled in; what is filled in is not looked at again. */
function textOf(message: Omit<Message, 'text'>, template = TEMPLATE): string {
  const { event, title, state, hosts, task, error, next, time } = message;
  const values: Readonly<Record<string, string>> = {
    event,
    title,
    state,
    hosts: hosts.join(', ') || 'no host',
    id: task,
    error: error ? `${error.code}: ${error.message}` : '',
    next,
    time,
  };
  return bounded(
    template.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole),
    4 * LONGEST,
  );
}

function bounded(text: string, longest = LONGEST): string {
  const line = maskSecrets(oneLine(text));
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}
