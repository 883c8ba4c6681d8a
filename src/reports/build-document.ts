import { showDuration } from '../core/duration.ts';
import { maskDeep } from '../core/mask-secrets.ts';
import type { CommandRunRecord, HostReport, RunReport } from '../core/run-report.ts';
import type { Approval } from '../core/task.ts';
import {
  type Block,
  code,
  count,
  heading,
  list,
  type ListItem,
  paragraph,
  type ReportDocument,
  restingOn,
  table,
  type Words,
} from './document.ts';
import { causeWords, hostBlocks, runBlocks } from './host-blocks.ts';
import type { RunRecord } from '../core/run-record.ts';
import { timelineOf } from './timeline.ts';

/** Command runs in the table of where the time went, and lines of the timeline that a document shows. */
const SLOWEST = 10;
const MOST_LINES = 500;

/**
 * A run as a document: summary, plan, what happened on each host, errors with what to do next, approvals, where the
 * time went, timeline, and in the appendix the command runs that everything rests on. Secrets of known forms are
 * hidden. Pure: the same record gives the same document.
 */
export function buildDocument(given: RunRecord): ReportDocument {
  const record = maskDeep(given);
  const { report, task } = record;
  const title = report?.goal ?? task.title;
  return {
    title,
    blocks: [
      heading(1, [title]),
      ...summary(record),
      ...(report ? planBlocks(report) : []),
      ...(report?.hosts ?? []).flatMap(host => hostBlocks(host, task.id)),
      ...errorBlocks(record),
      ...approvalBlocks(record),
      ...decisionBlocks(record),
      ...modelBlocks(record),
      ...timeBlocks(report?.hosts ?? []),
      ...timelineBlocks(record),
      ...appendix(report?.hosts ?? []),
    ],
  };
}

const OUTCOMES = {
  proved: 'proved: every post-condition was seen to hold on every host',
  failed: 'failed',
  declined: 'declined by a person',
} as const;

function summary({ task, report }: RunRecord): readonly Block[] {
  const started = task.startedAt ?? task.createdAt;
  const took = report?.duration ?? (task.finishedAt === null ? null : task.finishedAt - started);
  const rows: readonly (readonly [string, Words])[] = [
    ['Outcome', [report ? OUTCOMES[report.outcome] : `no report: the task is ${task.state}`]],
    ['Intent', [report?.intent ?? task.title]],
    ['Run', [{ value: task.id }]],
    ['Request', [{ value: task.requestId }]],
    ['Started', [report?.startedAt ?? new Date(started).toISOString()]],
    ['Duration', [took === null ? '' : showDuration(took)]],
    ['Hosts', [hostWords(report, task.hosts)]],
    ['Runbook', [runbookWords(report)]],
  ];
  return [
    ...table(
      null,
      rows.filter(([, words]) => words[0] !== '').map(([name, words]) => [[name], words]),
    ),
    ...list((report?.hosts ?? []).map(host => hostSentence(host, task.id))),
  ];
}

function hostWords(report: RunReport | null, names: readonly string[]): string {
  return report && report.hosts.length > 0
    ? report.hosts.map(({ host, outcome }) => `${host} (${outcome})`).join(', ')
    : names.join(', ');
}

function runbookWords(report: RunReport | null): string {
  const runbook = report?.plan.runbook;
  return runbook ? `${runbook.name}, ${Math.round(runbook.confidence * 100)} % sure` : '';
}

function hostSentence(host: HostReport, task: string): ListItem {
  const held = host.proofs.filter(({ holds }) => holds).length;
  const proved =
    host.proofs.length === 0
      ? 'nothing was asked after the last change'
      : `${held} of ${count(host.proofs.length, 'post-condition')} seen to hold`;
  const runs = new Set(host.proofs.map(({ commandRunId }) => commandRunId).filter(id => id !== ''));
  return {
    words: [
      `${host.host}: ${host.outcome}, ${host.changed === 0 ? 'nothing changed' : count(host.changed, 'change')}, ${proved}.`,
      ...restingOn(...(runs.size > 0 ? runs : [task])),
    ],
  };
}

function planBlocks({ plan }: RunReport): readonly Block[] {
  const parameters = Object.entries(plan.parameters).map(
    ([name, value]): ListItem => ({ words: [`${name}: ${String(value)}`] }),
  );
  const assumptions = plan.assumptions.map((text): ListItem => ({ words: [text] }));
  return [...section('Parameters', parameters), ...section('Assumptions', assumptions)];
}

function section(title: string, items: readonly ListItem[]): readonly Block[] {
  return items.length === 0 ? [] : [heading(2, [title]), ...list(items)];
}

/** Each error with the command that showed it, the end of what it printed, and what to do next. */
function errorBlocks({ task, report }: RunRecord): readonly Block[] {
  const hosts = report?.hosts ?? [];
  const own = report?.error ?? task.error;
  const items: ListItem[] = hosts.flatMap(host =>
    host.error
      ? [
          {
            words: [`${host.host}: `, ...causeWords(host.error, task.id)],
            under: failingRun(host, host.error.details),
          },
        ]
      : [],
  );
  if (own && items.length === 0) items.push({ words: causeWords(own, task.id) });
  return section('Errors', items);
}

function failingRun(host: HostReport, details: Readonly<Record<string, unknown>>): readonly Block[] {
  const id = details['runId'] ?? details['commandRunId'];
  const run = host.commandRuns.find(one => one.id === id);
  if (!run) return [];
  const output = [run.stdout, run.stderr].filter(text => text.trim() !== '').join('\n');
  return [paragraph('The command:'), code(run.script, 'sh'), ...(output === '' ? [] : [code(output)])];
}

function approvalBlocks({ task, approvals, events }: RunRecord): readonly Block[] {
  const asked = approvals.map((approval): ListItem => ({ words: approvalWords(approval) }));
  const plan = events.findLast(event => event.kind === 'plan-ready');
  if (task.approve === 'yes' && plan?.kind === 'plan-ready') {
    const { hash } = plan.preview;
    asked.push({
      words: [
        'The submitter approved beforehand (--yes); the plan is ',
        { value: hash },
        '.',
        ...restingOn(task.id),
      ],
    });
  }
  return section('Approvals', asked);
}

function approvalWords({ id, title, state, hash, askedAt, decidedBy, decidedAt, note }: Approval): Words {
  const time = (at: number): string => new Date(at).toISOString();
  const by = decidedBy === null ? '' : ` by ${decidedBy}`;
  const when = decidedAt === null ? '' : ` at ${time(decidedAt)}`;
  return [
    { strong: state },
    `${by}${when}: ${title}; asked at ${time(askedAt)}, for exactly the plan `,
    { value: hash },
    note === null ? '.' : `; they said: ${note}.`,
    ...restingOn(id),
  ];
}

/** What was decided about steps that failed, and why. */
function decisionBlocks({ report, task }: RunRecord): readonly Block[] {
  const items = (report?.decisions ?? []).map(
    ({ round, host, stepId, action, reason }): ListItem => ({
      words: [
        { strong: action },
        ` for ${stepId} on ${host}, round ${round + 1}: ${reason}`,
        ...restingOn(task.id),
      ],
    }),
  );
  return section('Decisions', items);
}

/** Calls of planning models with tokens and cost, as the servers counted them. */
function modelBlocks({ events, task }: RunRecord): readonly Block[] {
  const calls = events.flatMap(event => (event.kind === 'model-answered' && !event.replayed ? [event] : []));
  if (calls.length === 0) return [];
  const sum = (amounts: readonly (number | null)[]): string =>
    amounts.some(amount => amount === null)
      ? 'not all known'
      : String(Number(amounts.reduce<number>((total, amount) => total + (amount ?? 0), 0).toFixed(6)));
  const usages = calls.map(({ usage }) => usage);
  const rows = calls.map(({ number, role, model, duration, usage, requests, repaired }) =>
    [
      String(number),
      role,
      model,
      showDuration(duration),
      String(usage.promptTokens ?? '?'),
      String(usage.completionTokens ?? '?'),
      String(usage.cost ?? '?'),
      `${requests}${repaired ? ', asked again for a fitting answer' : ''}`,
    ].map(text => [text]),
  );
  return [
    heading(2, ['Models']),
    paragraph(
      `${count(calls.length, 'call')}; tokens in: ${sum(usages.map(one => one.promptTokens))}, out: ${sum(usages.map(one => one.completionTokens))}; cost: ${sum(usages.map(one => one.cost))}.`,
      ...restingOn(task.id),
    ),
    ...table(['call', 'for', 'model', 'took', 'tokens in', 'out', 'cost', 'requests'], rows),
  ];
}

function timeBlocks(hosts: readonly HostReport[]): readonly Block[] {
  const runs = hosts.flatMap(({ host, commandRuns }) => commandRuns.map(run => ({ host, run })));
  if (runs.length === 0) return [];
  const slowest = runs.toSorted((one, other) => other.run.duration - one.run.duration).slice(0, SLOWEST);
  const rows = slowest.map(({ host, run }) => [
    [showDuration(run.duration)],
    [host],
    [run.purpose],
    [{ evidence: run.id }],
  ]);
  return [heading(2, ['Where the time went']), ...table(['took', 'host', 'what', 'run'], rows)];
}

function timelineBlocks({ events }: RunRecord): readonly Block[] {
  const entries = timelineOf(events);
  if (entries.length === 0) return [];
  const rows = entries
    .slice(-MOST_LINES)
    .map(({ at, duration, host, text, evidence }): readonly Words[] => [
      [`+${showDuration(at)}`],
      [host ?? ''],
      [text],
      [duration === null ? '' : showDuration(duration)],
      restingOn(...evidence).slice(1),
    ]);
  const left = entries.length - rows.length;
  return [
    heading(2, ['Timeline']),
    ...(left > 0 ? [paragraph(`The first ${left} events are left out; --timeline has all of them.`)] : []),
    ...table(['after', 'host', 'what', 'took', 'rests on'], rows),
  ];
}

function appendix(hosts: readonly HostReport[]): readonly Block[] {
  const runs = hosts.flatMap(({ host, commandRuns }) =>
    commandRuns.flatMap((run: CommandRunRecord) => runBlocks(host, run)),
  );
  return runs.length === 0 ? [] : [heading(2, ['Appendix: command runs']), ...runs];
}
