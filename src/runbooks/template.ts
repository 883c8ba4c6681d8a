import { createHash } from 'node:crypto';
import type { ParameterValue } from './parameter.ts';
import { toCalendar } from './schedule.ts';

/**
 * `{{name}}` in the strings of a runbook. A value that is exactly `{{name}}` keeps its type. In fields
 * that are shell text every value becomes one quoted word: there is no other form, so no value of a
 * person or a model can become a command.
 */
const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;
const WHOLE = /^\{\{\s*([^{}]*?)\s*\}\}$/;
const SHELL_FIELDS: ReadonlySet<string> = new Set(['script', 'unless', 'validate']);

/** Forms of a value that are computed: `{{text.html}}`. */
const FORMS: Readonly<Record<string, (text: string) => string>> = {
  /** Text for HTML. */
  html: text =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  /** Cron fields as a systemd calendar expression. */
  calendar: toCalendar,
  /** A short name for file names that differs where the text differs: `nightly-sh-1a2b3c`. */
  slug: text => {
    const words = (text.split('/').at(-1) ?? '').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 6);
    return [words.replaceAll(/^-+|-+$/g, '').slice(0, 24), digest].filter(part => part !== '').join('-');
  },
};

export interface TemplateFault {
  readonly path: readonly PropertyKey[];
  /** What is wrong, as the end of a sentence. */
  readonly fault: string;
}

/** Everything wrong with the placeholders and conditions below `value`, whatever the parameters' values. */
export function findTemplateFaults(
  value: unknown,
  parameters: ReadonlySet<string>,
  path: readonly PropertyKey[] = [],
): TemplateFault[] {
  if (typeof value === 'string') {
    return textFaults(value, path.at(-1), parameters).map(fault => ({ path, fault }));
  }
  if (typeof value !== 'object' || value === null) return [];
  const entries: [PropertyKey, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return entries.flatMap(([key, inner]) => findTemplateFaults(inner, parameters, [...path, key]));
}

function textFaults(text: string, field: PropertyKey | undefined, parameters: ReadonlySet<string>): string[] {
  if (field === 'when') {
    const name = parseCondition(text)?.name;
    if (name === undefined) return [`'${text}' is no condition; write NAME or NAME == VALUE`];
    return parameters.has(name) ? [] : [`there is no parameter '${name}'`];
  }
  const faults: string[] = [];
  for (const match of text.matchAll(PLACEHOLDER)) {
    const [name = '', form, ...more] = (match[1] ?? '').split('.');
    if (!parameters.has(name)) faults.push(`there is no parameter '${name}'`);
    else if (more.length > 0 || (form !== undefined && !Object.hasOwn(FORMS, form))) {
      faults.push(`'${match[1]}' is no form of a value; there are ${Object.keys(FORMS).join(', ')}`);
    }
  }
  if (SHELL_FIELDS.has(String(field)) && text.includes('{{')) {
    const quoted = placeholderInQuotes(text);
    if (quoted !== null) faults.push(`${quoted}; assign it first: name={{name}}, then use "$name"`);
  }
  return faults;
}

/**
 * A value is one quoted word, which only holds where the shell is outside quotes, comments and here
 * documents. Says where it is not; errs on the side of refusing.
 */
function placeholderInQuotes(script: string): string | null {
  if (/<</.test(script)) return 'a script with a here document takes no {{…}}';
  if (script.includes('`')) return 'a script with backticks takes no {{…}}';
  let inside: '' | "'" | '"' | '#' = '';
  for (let index = 0; index < script.length; index += 1) {
    const letter = script.charAt(index);
    if (script.startsWith('{{', index)) {
      if (inside === '#') return '{{…}} stands in a comment of the script';
      if (inside !== '') return '{{…}} stands inside quotes of the script';
      index = Math.max(index, script.indexOf('}}', index) + 1);
    } else if (letter === '\\' && inside !== "'" && inside !== '#') {
      if (script.startsWith('{{', index + 1)) return '{{…}} stands behind a backslash';
      index += 1;
    } else if (inside === '#') inside = letter === '\n' ? '' : '#';
    else if (inside !== '') inside = letter === inside ? '' : inside;
    else if (letter === "'" || letter === '"') inside = letter;
    else if (letter === '#' && /^[\s;&|(]?$/.test(script.charAt(index - 1))) inside = '#';
  }
  return null;
}

export interface Condition {
  readonly name: string;
  readonly value: string | null;
}

/** `name` or `name == value`; null when it is neither. */
export function parseCondition(text: string): Condition | null {
  const match = /^\s*([a-z][A-Za-z0-9]*)\s*(?:==\s*(.*?)\s*)?$/.exec(text);
  return match?.[1] === undefined ? null : { name: match[1], value: match[2] ?? null };
}

/** `name`: given, not empty and not false. `name == value`: equal as text. */
export function holds(text: string, values: Readonly<Record<string, ParameterValue>>): boolean {
  const condition = parseCondition(text);
  const value = condition ? values[condition.name] : undefined;
  if (condition?.value != null) return String(value ?? '') === condition.value;
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== '' && value !== false;
}

/**
 * A deep copy with every placeholder filled, what a false `when` guards left out (unless
 * `everything`), and `when` itself gone. In a list, `{{name}}` of a list parameter becomes its
 * items, and of an empty value nothing.
 */
export function fillTemplates(
  value: unknown,
  values: Readonly<Record<string, ParameterValue>>,
  everything = false,
  field?: string,
): unknown {
  if (typeof value === 'string') return fillText(value, values, SHELL_FIELDS.has(field ?? ''));
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown) => {
      if (!everything && isGuardedOff(item, values)) return [];
      const filled = fillTemplates(item, values, everything, field);
      const whole = typeof item === 'string' && WHOLE.test(item);
      return whole && filled === '' ? [] : whole && Array.isArray(filled) ? filled : [filled];
    });
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'when')
      .map(([key, inner]) => [key, fillTemplates(inner, values, everything, key)]),
  );
}

function isGuardedOff(item: unknown, values: Readonly<Record<string, ParameterValue>>): boolean {
  if (typeof item !== 'object' || item === null || !('when' in item)) return false;
  return !holds(String(item.when), values);
}

function fillText(text: string, values: Readonly<Record<string, ParameterValue>>, shell: boolean): unknown {
  const whole = WHOLE.exec(text);
  if (whole && !shell) return formOf(whole[1] ?? '', values);
  return text.replaceAll(PLACEHOLDER, (_, expression: string) => {
    const value = formOf(expression, values);
    const items = Array.isArray(value) ? value : [String(value)];
    return shell ? items.map(quoteWord).join(' ') : items.join(', ');
  });
}

function formOf(expression: string, values: Readonly<Record<string, ParameterValue>>): ParameterValue {
  const [name = '', form] = expression.split('.');
  const value = values[name] ?? '';
  const change = form === undefined ? undefined : FORMS[form];
  return change === undefined || value === '' ? value : change(String(value));
}

/** One word for a POSIX shell, whatever the text holds. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
