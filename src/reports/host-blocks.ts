import type { ErrorRecord } from '../core/deckhand-error.ts';
import { showDuration } from '../core/duration.ts';
import { hunks } from '../core/line-diff.ts';
import type { CommandRunRecord, DiffLine, HostReport, StepReport } from '../core/run-report.ts';
import {
  type Block,
  code,
  count,
  heading,
  list,
  type ListItem,
  paragraph,
  restingOn,
  type Words,
} from './document.ts';

/** What was done, seen and proved on one host; every sentence rests on command runs, or on the task where none ran. */
export function hostBlocks(host: HostReport, task: string): readonly Block[] {
  const changed = host.changed === 0 ? 'nothing changed' : count(host.changed, 'change');
  const trips = host.roundTrips > 0 ? ` in ${count(host.roundTrips, 'round trip')}` : '';
  return [
    heading(2, [`${host.host}: ${host.outcome}`]),
    paragraph(
      `${capital(changed)}. Rests on ${count(host.commandRuns.length, 'command run')}${trips}.`,
      ...restingOn(task),
    ),
    ...section('Proofs', proofItems(host, task)),
    ...section(
      'Steps',
      host.steps.map(step => stepItem(step, host, task)),
    ),
    ...section('Before and after', differenceItems(host, task)),
    ...host.findings.flatMap(({ title, text, commandRunId }) => [
      heading(3, [title]),
      paragraph('Read from the host:', ...restingOn(commandRunId || task)),
      code(text),
    ]),
  ];
}

function section(title: string, items: readonly ListItem[]): readonly Block[] {
  return items.length === 0 ? [] : [heading(3, [title]), ...list(items)];
}

function proofItems(host: HostReport, task: string): readonly ListItem[] {
  return host.proofs.map(({ title, holds, evidence, commandRunId }) => ({
    words: [
      holds ? 'Holds' : { strong: 'Does not hold' },
      `: ${title}`,
      ...restingOn(commandRunId || task),
    ] satisfies Words,
    ...(evidence.trim() === '' || holds ? {} : { under: [code(evidence)] }),
  }));
}

/** What the plan declares and is different now: read before the first change and after the last. */
function differenceItems(host: HostReport, task: string): readonly ListItem[] {
  const proof = host.proofs.find(({ commandRunId }) => commandRunId !== '')?.commandRunId ?? task;
  return (host.differences ?? []).map(({ subject, before, after }) => ({
    words: [`${subject}: `, { value: before }, ' → ', { value: after }, ...restingOn(proof)],
  }));
}

function stepItem(step: StepReport, host: HostReport, task: string): ListItem {
  const items: ListItem[] = step.changes.map(change => ({
    words: [
      `changed ${change.state}${change.expected === undefined ? '' : `: ${change.expected}`}`,
      ...restingOn(change.commandRunId),
    ],
    under: diffBlocks(change.diff),
  }));
  for (const { signature, title, diff, failedRunId, commandRunId } of step.corrections) {
    items.push({
      words: [
        `${signature} was seen`,
        ...restingOn(failedRunId),
        `, corrected by: ${title}`,
        ...restingOn(commandRunId),
      ],
      under: diffBlocks(diff),
    });
  }
  if (step.error) items.push({ words: causeWords(step.error, task) });
  items.push(...lossItems(step, host, task));
  return {
    words: [
      { strong: step.outcome },
      ` ${step.title} (${showDuration(step.duration)})`,
      ...restingOn(...runsOfStep(step, host, task)),
    ],
    under: list(items),
  };
}

/** What no longer worked after the step, what was taken back, and what cannot be. */
function lossItems({ title, regressions = [], undo, undone }: StepReport, host: HostReport, task: string) {
  const seen = host.commandRuns.findLast(({ purpose }) => purpose === `compare with before: ${title}`);
  const rests = restingOn(seen?.id ?? task);
  const items: ListItem[] = regressions.map(text => ({ words: [{ strong: 'Lost' }, `: ${text}`, ...rests] }));
  if (undone) {
    const how = undone.error
      ? `could not be taken back: ${undone.error.message}`
      : `taken back, because ${undone.why}`;
    const runs = undone.changes.map(({ commandRunId }) => commandRunId);
    items.push({
      words: [{ strong: 'Undo' }, `: ${how}`, ...restingOn(...(runs.length > 0 ? runs : [task]))],
    });
  }
  for (const text of undo?.uncovered ?? [])
    items.push({ words: [`cannot be taken back: ${text}`, ...rests] });
  return items;
}

/** A step that changed nothing rests on the last check: the run that read the host's state. */
function runsOfStep(step: StepReport, host: HostReport, task: string): readonly string[] {
  const own = step.changes.map(({ commandRunId }) => commandRunId);
  if (own.length > 0) return own;
  const check = host.commandRuns.findLast(({ purpose }) => /check|look|prove/i.test(purpose));
  return [step.outcome === 'unchanged' && check ? check.id : task];
}

/** Differences as a list; a text of several lines as a unified diff. */
export function diffBlocks(diff: readonly DiffLine[]): readonly Block[] {
  return list(
    diff.map(({ field, before, after }): ListItem => {
      if (!/\n/.test(before + after))
        return { words: [`${field}: `, { value: before }, ' → ', { value: after }] };
      const lines = hunks(before, after).map(entry => (entry ? entry.mark + entry.text : ' …'));
      return { words: [`${field}:`], under: [code(lines.join('\n'), 'diff')] };
    }),
  );
}

/** Why it failed, what showed it, what to do next. */
export function causeWords(error: ErrorRecord, task: string): Words {
  const shown = [error.details['commandRunId'], error.details['runId']].filter(id => typeof id === 'string');
  return [
    { strong: 'Cause' },
    ' ',
    { value: error.code },
    `: ${error.message}`,
    ...restingOn(...(shown.length > 0 ? shown : [task])),
    ' ',
    { strong: 'Next:' },
    ` ${error.hint}`,
  ];
}

/** One command run of the appendix. */
export function runBlocks(host: string, run: CommandRunRecord): readonly Block[] {
  const exit = run.signal === null ? `exit ${run.exitCode ?? 'unknown'}` : `killed by ${run.signal}`;
  const stream = (name: string, text: string): readonly Block[] =>
    text.trim() === '' ? [] : [paragraph(name), code(text)];
  return [
    heading(3, [run.id], run.id),
    paragraph(`${host}: ${run.purpose} — ${run.verdict}, ${exit}, ${showDuration(run.duration)}`),
    code(run.script, 'sh'),
    ...stream('stdout', run.stdout),
    ...stream('stderr', run.stderr),
  ];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
