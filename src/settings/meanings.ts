import { z } from '../core/schema.ts';
import { DEFAULTS, SETTING_SCHEMAS, type SettingName } from './schema.ts';

/** What each setting is for, in one sentence. */
export const SETTING_MEANINGS: Readonly<Record<SettingName, string>> = {
  concurrency: 'Hosts that are worked on at once.',
  'timeouts.connect': 'Until a host must have let us in.',
  'timeouts.command': 'How long one command may take; 0 = as long as it likes.',
  'timeouts.idle': 'How long one command may say nothing; 0 = for ever.',
  'timeouts.lost': 'How long a host may be out of reach before what began there counts as lost.',
  'agent.model': 'The model that plans, HOST/NAME or SERVER/MODEL; empty: none.',
  'agent.improver': 'What makes a request clear before it is planned.',
  'agent.improve': 'Whether a request is made clear before it is planned.',
  'agent.models.improve': 'The model that makes requests clear; empty: the one that plans.',
  'agent.models.plan': 'The model that writes plans; empty: agent.model.',
  'agent.models.detail': 'The model that works out the steps of a plan; empty: agent.model.',
  'agent.models.repair': 'The model that mends a plan which failed; empty: agent.model.',
  'agent.models.summarise': 'The model that shortens long outputs; empty: agent.model.',
  'agent.timeout': 'From a request to a planning model to the end of its answer.',
  'agent.silence': 'How long a planning model may send nothing.',
  'agent.steps': 'Steps of one host at the same time, where the plan allows it.',
  'agent.undo':
    'When a step is taken back unasked: never (offer), when it lost what worked, or also when it failed.',
  'agent.budget.tokens': 'Tokens that the planning models of one run may use up; 0 = no bound.',
  'agent.budget.money':
    'What the planning models of one run may cost, in the currency of the prices; 0 = no bound.',
  'agent.budget.calls': 'Calls of planning models in one run; 0 = no bound.',
  outputLimit: 'Kept of each stream of a command beside its log.',
  'facts.maxAge': 'Facts of a host that are older are asked for again.',
  runbooks: 'Further folders with runbooks.',
  language: 'Language of messages: en or ru.',
  'policy.mode': 'What may run unasked; off: what a person types runs, unless a rule denies it.',
  'policy.rules': 'A file of rules that allow, ask or deny; empty: none.',
  'policy.terminal.record': 'What terminals show is written down, beside the audit log.',
  'terminal.keep': 'How long a terminal lives on when nobody is there.',
  'terminal.idle': 'How long a terminal may be without input before it is closed; 0 = for ever.',
  'corrections.off': 'Known failures that are not corrected, or all of them: all.',
  'audit.keep': 'How long lines of the audit log are kept; 0 = for ever.',
  'console.listen': 'Where the daemon keeps the console open: a port, or address:port; empty: nowhere.',
};

/** How a value is written in a file. */
export type ValueForm = 'duration' | 'size' | 'number' | 'text' | 'list' | 'choice';

const DURATIONS = /^timeouts\.|^terminal\.|^facts\.maxAge$|^audit\.keep$|^agent\.(?:timeout|silence)$/;
const NUMBERS = /^concurrency$|^agent\.steps$|^agent\.budget\./;
const LISTS: ReadonlySet<SettingName> = new Set(['runbooks', 'corrections.off']);

export function formOf(name: SettingName): ValueForm {
  if (choicesOf(name) !== null) return 'choice';
  if (LISTS.has(name)) return 'list';
  if (name === 'outputLimit') return 'size';
  if (DURATIONS.test(name)) return 'duration';
  return NUMBERS.test(name) ? 'number' : 'text';
}

/** The words that a setting may be; null = others than these are possible. */
export function choicesOf(name: SettingName): readonly string[] | null {
  if (typeof DEFAULTS[name] === 'boolean') return ['true', 'false'];
  const schema: unknown = SETTING_SCHEMAS[name];
  return schema instanceof z.ZodEnum ? schema.options.map(String) : null;
}

const DURATION_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;
const SIZE_UNITS = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
] as const;

/** A value as somebody would write it in a file, read back as the same value. */
export function writtenValue(name: SettingName, value: unknown): string | number | readonly string[] {
  const form = formOf(name);
  if (form === 'list') return (value as readonly unknown[]).map(String);
  if (form === 'number') return Number(value);
  if (form === 'duration') return inUnits(Number(value), DURATION_UNITS) ?? '0';
  if (form === 'size') return inUnits(Number(value), SIZE_UNITS) ?? String(value);
  return String(value);
}

/** `90s` for 90 000: the largest unit that fits without a rest; null for nothing. */
function inUnits(value: number, units: readonly (readonly [string, number])[]): string | null {
  const fits = units.find(([, size]) => value > 0 && value % size === 0);
  return fits ? `${value / fits[1]}${fits[0]}` : null;
}
