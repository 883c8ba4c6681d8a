import { z } from '../core/schema.ts';
import { parseSchedule, SCHEDULE_PATTERN } from './schedule.ts';

export const PARAMETER_TYPES = [
  'string',
  'integer',
  'port',
  'boolean',
  'path',
  'package',
  'account',
  'hostname',
  'text',
  'cron',
  'list',
  'publicKey',
] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];
export type ParameterValue = string | number | boolean | string[];

export const localized = z.strictObject({ en: z.string().min(1), ru: z.string().min(1) });

/** A regular expression in which a blank is any white space and `{value}` is what the type looks like. */
const extraction = z.union([
  z.string().min(1),
  z.strictObject({ pattern: z.string().min(1), value: z.union([z.string(), z.number(), z.boolean()]) }),
]);
export type Extraction = z.infer<typeof extraction>;

export const parameterSchema = z.strictObject({
  type: z.enum(PARAMETER_TYPES),
  description: localized,
  /** Used, and named among the plan's assumptions, when nobody gave a value. */
  default: z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]).optional(),
  required: z.boolean().default(false),
  extract: z
    .strictObject({ en: z.array(extraction).default([]), ru: z.array(extraction).default([]) })
    .prefault({}),
  examples: z.array(z.string()).default([]),
  /** The whole value must fit this regular expression, beyond what the type asks. */
  pattern: z.string().optional(),
  choices: z.array(z.string()).optional(),
  /** What people call it → what it is called: `apache: apache2`. Keys in lower case. */
  aliases: z.record(z.string(), z.string()).default({}),
  /** The type of a list's items. */
  items: z.enum(['string', 'port', 'package', 'account', 'path', 'hostname']).default('string'),
});
export type Parameter = z.infer<typeof parameterSchema>;

interface TypeTraits {
  /** Source of a regular expression that finds the value in a request (flags `iu`). */
  readonly find: string;
  readonly whole: RegExp;
  /** A value for trying templates when a runbook is loaded. */
  readonly sample: ParameterValue;
  /** What the type is, in words for an error. */
  readonly words: string;
}

/** What was in quotes, as one letter of the private use area: see `masked-request.ts`. */
const QUOTED = String.raw`[\uE100-\uEFFF]`;
// oxlint-disable-next-line no-control-regex -- control characters are what this refuses
const ONE_LINE = /^[^\u0000-\u001f\u007f]*$/u;
// oxlint-disable-next-line no-control-regex -- control characters are what this refuses
const ANY_TEXT = /^[^\u0000-\u0008\u000b-\u001f\u007f]*$/u;

const TRAITS: Readonly<Record<Exclude<ParameterType, 'list'>, TypeTraits>> = {
  string: {
    find: String.raw`${QUOTED}|[^\s\uE000-\uEFFF]+`,
    whole: ONE_LINE,
    sample: 'sample',
    words: 'one line of text',
  },
  text: {
    find: String.raw`${QUOTED}|[^\uE000-\uEFFF]+?`,
    whole: ANY_TEXT,
    sample: 'sample text',
    words: 'text',
  },
  integer: { find: String.raw`\d{1,9}`, whole: /^\d{1,9}$/, sample: 1, words: 'a whole number' },
  port: { find: String.raw`\d{1,5}`, whole: /^\d{1,5}$/, sample: 8080, words: 'a port between 1 and 65535' },
  boolean: {
    find: 'true|false|yes|no',
    whole: /^(true|false|yes|no|on|off)$/i,
    sample: true,
    words: 'true or false',
  },
  path: {
    find: String.raw`\/[^\s,;'"«»]*`,
    // oxlint-disable-next-line no-control-regex -- control characters are what this refuses
    whole: /^\/(?!.*(?:^|\/)\.\.(?:\/|$))[^\u0000-\u001f\u007f]*$/,
    sample: '/tmp/sample',
    words: 'an absolute path without ".."',
  },
  package: {
    find: `(?:${QUOTED}|[a-z0-9][a-z0-9+.-]*[a-z0-9+])`,
    whole: /^[a-z0-9][a-z0-9+.-]{0,99}$/,
    sample: 'sample',
    words: 'a package name',
  },
  account: {
    find: `(?:${QUOTED}|[a-z_][a-z0-9_-]*)`,
    whole: /^[a-z_][a-z0-9_-]{0,31}$/,
    sample: 'sample',
    words: 'an account name (a-z, 0-9, _ and -)',
  },
  hostname: {
    find: '(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*',
    whole: /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i,
    sample: 'sample.example.org',
    words: 'a host name',
  },
  cron: {
    find: SCHEDULE_PATTERN,
    whole: ONE_LINE,
    sample: '15 3 * * *',
    words: 'a schedule such as "15 3 * * *"',
  },
  publicKey: {
    find: String.raw`(?:ssh|ecdsa|sk)-[a-z0-9@.-]+\s+[A-Za-z0-9+\/=]+(?:\s+[^\s,;]+@[^\s,;]+)?`,
    whole: /^(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]{16,}={0,2}( [^\n\r]*)?$/,
    sample: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBxWZ7mXoQ1l8Yx0y3v9G1m8kq3tq7y0mJkT1b2c3d4e',
    words: 'an SSH public key line',
  },
};

/** Source of the regular expression that stands for `{value}` in a parameter's patterns. */
export function findPattern(parameter: Parameter): string {
  if (parameter.choices) return parameter.choices.map(choice => escapePattern(choice)).join('|');
  if (parameter.type !== 'list') {
    const names = Object.keys(parameter.aliases).map(name => escapePattern(name));
    return [...names, TRAITS[parameter.type].find].join('|');
  }
  const item = `(?:${TRAITS[parameter.items].find})`;
  return String.raw`${item}(?:(?:\s*,\s*(?:and\s+|и\s+)?|\s+and\s+|\s+и\s+|\s+)${item})*`;
}

export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

/** A value the parameter accepts, for trying templates. */
export function sampleValue(parameter: Parameter): ParameterValue {
  const given = parameter.default ?? parameter.examples[0] ?? parameter.choices?.[0];
  const value = given === undefined || given === '' ? null : acceptValue(parameter, given).value;
  if (value !== null) return value;
  return parameter.type === 'list' ? [String(TRAITS[parameter.items].sample)] : TRAITS[parameter.type].sample;
}

/** The value of an optional parameter that nobody gave. */
export function emptyValue(parameter: Parameter): ParameterValue {
  if (parameter.type === 'list') return [];
  return parameter.type === 'boolean' ? false : '';
}

/** What the parameter takes `given` for, or what is wrong with it as the end of a sentence. */
export function acceptValue(
  parameter: Parameter,
  given: ParameterValue,
):
  | { readonly value: ParameterValue; readonly fault?: undefined }
  | { readonly value: null; readonly fault: string } {
  if (parameter.type === 'list') return acceptList(parameter, given);
  const text = String(Array.isArray(given) ? given.join(' ') : given);
  const named = parameter.aliases[text.toLowerCase()] ?? text;
  const traits = TRAITS[parameter.type];
  const value = convert(parameter.type, named);
  if (value === null || !traits.whole.test(parameter.type === 'cron' ? named : String(value))) {
    return { value: null, fault: `'${text}' is not ${traits.words}` };
  }
  if (parameter.choices && !parameter.choices.includes(String(value))) {
    return { value: null, fault: `'${text}' is none of ${parameter.choices.join(', ')}` };
  }
  if (parameter.pattern && !new RegExp(`^(?:${parameter.pattern})$`, 'u').test(String(value))) {
    return { value: null, fault: `'${text}' does not fit ${parameter.pattern}` };
  }
  return { value };
}

function acceptList(parameter: Parameter, given: ParameterValue): ReturnType<typeof acceptValue> {
  const parts = Array.isArray(given)
    ? given
    : String(given).split(/\s*,\s*(?:and\s+|и\s+)?|\s+and\s+|\s+и\s+|\s+/u);
  const values: string[] = [];
  for (const part of parts.filter(text => text !== '')) {
    const item = acceptValue({ ...parameter, type: parameter.items }, part);
    if (item.value === null) return item;
    values.push(String(item.value));
  }
  return { value: [...new Set(values)] };
}

function convert(type: ParameterType, text: string): ParameterValue | null {
  switch (type) {
    case 'integer':
    case 'port': {
      const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      const fits = type === 'integer' ? !Number.isNaN(number) : number >= 1 && number <= 65_535;
      return fits ? number : null;
    }
    case 'boolean':
      return /^(true|yes|on|false|no|off)$/i.test(text) ? /^(true|yes|on)$/i.test(text) : null;
    case 'cron':
      return parseSchedule(text);
    case 'package':
      return text.toLowerCase();
    case 'publicKey':
      return text.trim().replace(/^(\S+)\s+(\S+)/, '$1 $2');
    case 'string':
    case 'account':
    case 'path':
    case 'hostname':
      return text === '' ? null : text;
    case 'text':
      return text.trim() === '' ? null : text;
    default:
      return null;
  }
}
