import { DeckhandError } from '../core/deckhand-error.ts';
import type { Plan, Step } from '../core/plan.ts';
import type { RecordedRunbook } from '../core/run-remake.ts';
import type { RunReport } from '../core/run-report.ts';
import { writeYaml } from '../core/yaml.ts';
import type { ParameterType } from './parameter.ts';
import { mentions, placeValue } from './place-values.ts';
import { parseRunbook } from './runbook.ts';

interface Candidate {
  readonly name: string;
  readonly type: ParameterType;
  readonly value: string;
  /** As a regular expression that finds it in a request like this one; null: only given by name. */
  readonly pattern: string | null;
}

/**
 * The plan of a run that was proved, as a runbook: its typed steps and checks, with what came from the request (ports,
 * quoted texts, names, paths) as parameters. It asks no model. Throws `input.invalid` for a run that proved nothing or
 * whose steps are for hosts by name.
 */
export function recordRunbook(report: RunReport, wantedName?: string): RecordedRunbook {
  const { plan } = report;
  requireRecordable(report);
  const intent = (plan.intent === '' ? plan.goal : plan.intent).replaceAll(/\s+/g, ' ').trim();
  const name = wantedName ?? nameFrom(intent);
  let body: unknown = {
    goal: plan.goal,
    steps: plan.steps.map(withoutRun),
    postconditions: plan.postconditions,
    report: plan.report,
  };
  const parameters: Candidate[] = [];
  for (const candidate of candidatesOf(plan, intent)) {
    if (!mentions(body, candidate.value)) continue;
    const placed = placeValue(body, candidate);
    if (placed === null) continue;
    body = placed;
    parameters.push(candidate);
  }
  const source = fileOf(name, intent, body as Record<string, unknown>, parameters, report);
  // what was made must load: said now, not when somebody needs it
  parseRunbook(source, `${name}.yaml`);
  return {
    name,
    source,
    parameters: parameters.map(({ name: key, type, value }) => ({ name: key, type, value })),
  };
}

/** A step without what only this run meant: which hosts, and why. */
function withoutRun(step: Step): object {
  return Object.fromEntries(Object.entries(step).filter(([field]) => field !== 'hosts' && field !== 'why'));
}

function requireRecordable({ id, outcome, plan }: RunReport): void {
  const refuse = (why: string, hint: string): DeckhandError =>
    new DeckhandError('input.invalid', `${id}: ${why}.`, { details: { run: id }, hint });
  if (outcome !== 'proved') throw refuse(`it ended ${outcome}, not proved`, 'Record a run that was proved.');
  if (plan.steps.some(({ states }) => states.some(({ kind }) => kind === 'restored')))
    throw refuse('it took another run back, which means something once', 'Record the run it took back.');
  if (plan.postconditions.length === 0)
    throw refuse(
      'it has no post-conditions, so nothing would prove the runbook',
      'Add post-conditions to the plan.',
    );
  const named = plan.steps.find(({ hosts }) => hosts !== undefined);
  if (named && new Set(plan.steps.map(({ hosts }) => JSON.stringify(hosts))).size > 1)
    throw refuse(
      `step '${named.id}' is for ${named.hosts?.join(', ')} only`,
      'Record a run whose steps are for every host.',
    );
}

const QUOTED = /"([^"]{1,200})"|'([^']{1,200})'|«([^»]{1,200})»|“([^”]{1,200})”/g;

/** What of the request may be another value next time; the longest first, so that none takes a piece of another. */
function candidatesOf(plan: Plan, intent: string): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  const names = new Set<string>();
  const add = (wish: string, type: ParameterType, value: string, pattern: string | null): void => {
    if (found.has(value) || value.length > 200 || /[{}\n]/.test(value)) return;
    let name = wish;
    for (let more = 2; names.has(name); more += 1) name = `${wish}${more}`;
    names.add(name);
    found.set(value, { name, type, value, pattern });
  };
  for (const [, ...texts] of intent.matchAll(QUOTED))
    add('text', 'text', texts.find(text => text !== undefined) ?? '', '{quoted}');
  for (const [, port = ''] of intent.matchAll(/\b(?:port|порт\p{L}*)[\s:]+(\d{1,5})\b/giu))
    if (Number(port) >= 1 && Number(port) <= 65_535) add('port', 'port', port, before(intent, port));
  for (const [path] of intent.matchAll(/(?<![\w/])\/[\w.+-]+(?:\/[\w.+-]+)*/g))
    add('path', 'path', path, before(intent, path));
  for (const [name, value] of Object.entries(plan.parameters)) {
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    const text = String(value);
    if (text === '' || !mentions(intent, text)) continue;
    add(
      name,
      typeof value === 'number' ? 'integer' : 'string',
      text,
      /\s/.test(text) ? null : before(intent, text),
    );
  }
  for (const { name, type, value } of namesOf(plan))
    if (mentions(intent, value)) add(name, type, value, before(intent, value));
  return [...found.values()].toSorted((one, other) => other.value.length - one.value.length);
}

/** Names in the typed states that a request may have given. */
function namesOf(plan: Plan): readonly { name: string; type: ParameterType; value: string }[] {
  return plan.steps.flatMap(({ states }) =>
    states.flatMap(state => {
      if (state.kind === 'user' || state.kind === 'group')
        return [{ name: state.kind, type: 'account', value: state.name }] as const;
      return [];
    }),
  );
}

/** Finds the value by the word before it, which stays where it is. */
function before(intent: string, value: string): string {
  const text = intent.slice(0, intent.indexOf(value));
  const [word = ''] = /[\p{L}]+[\s:]*$/u.exec(text) ?? [];
  const escaped = word.trim().replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return escaped === '' ? '{value}' : `(?<=${escaped}[ :]){value}`;
}

function nameFrom(intent: string): string {
  const words = intent.toLowerCase().match(/[a-z][a-z0-9]*/g) ?? [];
  return ['recorded', ...words.slice(0, 5)].join('-').slice(0, 60).replace(/-$/, '');
}

function fileOf(
  name: string,
  intent: string,
  body: Readonly<Record<string, unknown>>,
  parameters: readonly Candidate[],
  report: RunReport,
): string {
  const phrase = parameters.reduce<string>(
    (text, { name: key, value }) =>
      String(placeValue(text.replaceAll(/["'«»“”]/g, ''), { name: key, value })).replaceAll(
        `{{${key}}}`,
        `{${key}}`,
      ),
    intent,
  );
  const { goal, ...templates } = body;
  const both = (text: unknown): { en: unknown; ru: unknown } => ({ en: text, ru: text });
  const data = {
    name,
    title: both(report.goal),
    goal: both(goal),
    match: both([phrase]),
    parameters: Object.fromEntries(parameters.map(one => [one.name, parameterOf(one)])),
    ...templates,
  };
  const corrections = report.hosts.flatMap(({ steps }) => steps.flatMap(step => step.corrections));
  const notes = [
    `Recorded from ${report.id} of ${report.startedAt}, which was proved on ${report.hosts.length} host${report.hosts.length === 1 ? '' : 's'}.`,
    'Read it before you trust it; what differs from run to run is under `parameters`.',
    ...corrections.map(({ signature, title }) => `Corrected then: ${signature}: ${title}`),
  ];
  return `${notes.map(note => `# ${note.replaceAll(/\s+/g, ' ')}\n`).join('')}${writeYaml(data)}`;
}

function parameterOf({ name, type, value, pattern }: Candidate): object {
  const extract = pattern === null ? [] : [pattern];
  return {
    type,
    description: { en: `${name}, as in the recorded request`, ru: `${name}, как в записанной просьбе` },
    required: true,
    examples: [value],
    ...(extract.length === 0 ? {} : { extract: { en: extract, ru: extract } }),
  };
}
