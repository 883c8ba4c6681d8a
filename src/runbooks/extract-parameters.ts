import { expandPattern, quoteOf, TAKEN, unmask, type MaskedRequest } from './masked-request.ts';
import {
  acceptValue,
  findPattern,
  type Extraction,
  type Parameter,
  type ParameterValue,
} from './parameter.ts';
import type { Runbook } from './runbook.ts';
import { JOINTS, NOT_PACKAGES, PREPOSITIONS, PRONOUNS } from './vocabulary.ts';
import { isFiller, isKnownWord, isNegation, plainOf, type Language } from './words.ts';

export interface Extracted {
  readonly parameters: Record<string, ParameterValue>;
  /** The request without the values, the words that led to them, and the wording the runbook covers. */
  readonly rest: string;
  /** The words that led to the values: `on port` of `on port 8080`. */
  readonly leads: string;
}

const NO_PACKAGES: ReadonlySet<string> = new Set(NOT_PACKAGES.split(' ').map(plainOf));
const PRONOUN_WORDS: ReadonlySet<string> = new Set(PRONOUNS.split(' ').map(plainOf));
const JOINT_WORDS: ReadonlySet<string> = new Set(JOINTS.split(' ').map(plainOf));
const BREAKS: ReadonlySet<string> = new Set(`${JOINTS} ${PREPOSITIONS}`.split(' ').map(plainOf));
/** Not a letter, digit or sign of a name on either side: JavaScript's \b knows no Cyrillic. */
const BEFORE = String.raw`(?<![\p{L}\p{N}_/.@-])`;
const AFTER = String.raw`(?![\p{L}\p{N}_/@]|[.-][\p{L}\p{N}])`;

/**
 * Reads the parameters of one runbook from a request, in the order the runbook names them. Text in
 * quotes is taken as it is; what is not in quotes is refused where it could hold a second request.
 */
export function extractParameters(runbook: Runbook, request: MaskedRequest, language: Language): Extracted {
  const parameters: Record<string, ParameterValue> = {};
  let rest = request.text;
  let leads = '';
  for (const [name, parameter] of Object.entries(runbook.parameters)) {
    for (const extraction of parameter.extract[language]) {
      const found = findValue(parameter, extraction, request, rest);
      if (found === null) continue;
      parameters[name] = found.value;
      leads += ` ${found.leads}`;
      rest = `${rest.slice(0, found.from)} ${TAKEN} ${rest.slice(found.to)}`;
      break;
    }
  }
  for (const source of runbook.covers[language]) {
    rest = rest.replaceAll(coverOf(source), TAKEN);
  }
  return { parameters, rest: unmask(request, rest.replaceAll(TAKEN, ' ')), leads };
}

/** Kept, because the same few hundred patterns of the runbooks meet every request. */
const COVERS = new Map<string, RegExp>();
const PATTERNS = new WeakMap<Parameter, Map<string, RegExp>>();

function coverOf(source: string): RegExp {
  const known = COVERS.get(source) ?? compile(expandPattern(source, ''));
  COVERS.set(source, known);
  return known;
}

function patternOf(parameter: Parameter, source: string): RegExp {
  const patterns = PATTERNS.get(parameter) ?? new Map<string, RegExp>();
  PATTERNS.set(parameter, patterns);
  const known = patterns.get(source) ?? compile(expandPattern(source, findPattern(parameter)));
  patterns.set(source, known);
  return known;
}

function compile(source: string): RegExp {
  return new RegExp(`${BEFORE}(?:${source})${AFTER}`, 'dgiu');
}

interface Found {
  readonly value: ParameterValue;
  readonly leads: string;
  readonly from: number;
  readonly to: number;
}

function findValue(
  parameter: Parameter,
  extraction: Extraction,
  request: MaskedRequest,
  rest: string,
): Found | null {
  const source = typeof extraction === 'string' ? extraction : extraction.pattern;
  for (const match of rest.matchAll(patternOf(parameter, source))) {
    const text = match.groups?.['value'] ?? '';
    const value =
      typeof extraction === 'string'
        ? readValue(parameter, request, text)
        : acceptValue(parameter, extraction.value).value;
    if (value === null) continue;
    const [from, to] = match.indices?.[0] ?? [0, 0];
    const [start, end] = match.indices?.groups?.['value'] ?? [to, to];
    return { value, leads: `${rest.slice(from, start)} ${rest.slice(end, to)}`, from, to };
  }
  return null;
}

function readValue(parameter: Parameter, request: MaskedRequest, found: string): ParameterValue | null {
  const quoted = quoteOf(request, found);
  if (quoted === undefined && !isPlausible(parameter, found)) return null;
  return acceptValue(parameter, quoted ?? found).value;
}

/** Whether unquoted words can be this value, and not a part of the sentence. */
function isPlausible(parameter: Parameter, found: string): boolean {
  if (parameter.type !== 'text' && PRONOUN_WORDS.has(plainOf(found))) return false;
  switch (parameter.type) {
    case 'text':
      return isPlainText(found);
    case 'package':
      return (
        Object.hasOwn(parameter.aliases, plainOf(found)) ||
        (!NO_PACKAGES.has(plainOf(found)) && !isVerb(found))
      );
    case 'string':
      return !found.split(/\s+/u).some(word => isFiller(word) || isNegation(word) || isVerb(word));
    case 'account':
      return !isFiller(found) && !isNegation(found) && !isKnownWord(found);
    case 'hostname':
      return found
        .split(/\s+/u)
        .every(word => !isFiller(word) && !isNegation(word) && !JOINT_WORDS.has(plainOf(word)));
    default:
      return true;
  }
}

/** No sign and no word at which a second thought could begin: such text must be quoted. */
function isPlainText(found: string): boolean {
  if (/[,;:&|?`$\n\u{fffd}]|[.!]\s/u.test(found)) return false;
  return !found.split(/\s+/u).some(word => isNegation(word) || BREAKS.has(plainOf(word)));
}

/** `install updates` and `install backup` name no package. `postgresql`, `sudo` and `cron` do. */
function isVerb(word: string): boolean {
  return isKnownWord(word) && !/^(?:postgres|sudo$|cron$|nftables$)/i.test(word);
}
