import { quoteWord } from './template.ts';

/** A value that becomes a parameter, and where it stands. */
export interface Placed {
  readonly name: string;
  readonly value: string;
}

const SHELL_FIELDS: ReadonlySet<string> = new Set(['script', 'unless', 'validate', 'undo']);
/** Fields whose texts are words of the schema and never a person's. */
const FIXED_FIELDS: ReadonlySet<string> = new Set([
  'kind',
  'ensure',
  'id',
  'dependsOn',
  'privilege',
  'reloadBy',
]);

/**
 * Plain data with a value replaced by `{{name}}` wherever it stands as a word of its own; null when it stands where no
 * placeholder may: inside single quotes, a comment or a here document of a script.
 */
export function placeValue(data: unknown, placed: Placed): unknown {
  try {
    return placeIn(data, placed, '');
  } catch (error) {
    if (error instanceof NoPlace) return null;
    throw error;
  }
}

class NoPlace extends Error {}

function placeIn(data: unknown, placed: Placed, field: string): unknown {
  if (typeof data === 'string') {
    if (FIXED_FIELDS.has(field)) return data;
    return SHELL_FIELDS.has(field) ? placeInScript(data, placed) : placeInText(data, placed);
  }
  if (Array.isArray(data)) return data.map(item => placeIn(item, placed, field));
  if (data === null || typeof data !== 'object') return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, placeIn(value, placed, key)]));
}

/** The value where no letter, digit or the like goes on before or behind it. */
function wholeWord(value: string): RegExp {
  const text = value.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
  return new RegExp(String.raw`(?<![\p{L}\p{N}_.])${text}(?![\p{L}\p{N}_])`, 'gu');
}

export function mentions(data: unknown, value: string): boolean {
  return wholeWord(value).test(typeof data === 'string' ? data : JSON.stringify(data));
}

function placeInText(text: string, { name, value }: Placed): string {
  return text.replaceAll(wholeWord(value), `{{${name}}}`);
}

/** Bare or a quoted word of its own: the placeholder. Inside double quotes: a variable, given its value at the top. */
function placeInScript(script: string, { name, value }: Placed): string {
  const text = script.replaceAll(quoteWord(value), `{{${name}}}`);
  let needed = false;
  const variable = `given_${name}`;
  const replaced = text.replaceAll(wholeWord(value), (_match, offset: number) => {
    const inside = stateAt(text, offset);
    if (inside === '"') {
      needed = true;
      return `\${${variable}}`;
    }
    if (inside === '') return `{{${name}}}`;
    throw new NoPlace();
  });
  if (replaced.includes(`{{${name}}}`) && /<<|`/.test(replaced)) throw new NoPlace();
  return needed ? `${variable}={{${name}}}\n${replaced}` : replaced;
}

/** What a place of a script is inside of; '<' where that cannot be told simply. */
function stateAt(script: string, place: number): '' | "'" | '"' | '#' | '<' {
  if (/<<|`/.test(script)) return '<';
  let inside: '' | "'" | '"' | '#' = '';
  for (let index = 0; index < place; index += 1) {
    const letter = script.charAt(index);
    if (inside === '#') inside = letter === '\n' ? '' : '#';
    else if (letter === '\\' && inside !== "'") index += 1;
    else if (inside !== '') inside = letter === inside ? '' : inside;
    else if (letter === "'" || letter === '"') inside = letter;
    else if (letter === '#' && /^[\s;&|(]?$/.test(script.charAt(index - 1))) inside = '#';
  }
  return inside;
}
