import MiniSearch from 'minisearch';
import { extractParameters } from './extract-parameters.ts';
import type { ParameterValue } from './parameter.ts';
import { maskRequest, unmask, type MaskedRequest } from './masked-request.ts';
import type { Runbook } from './runbook.ts';
import { conceptOf, detectLanguage, isFiller, isNegation, stemOf, tokenise, type Language } from './words.ts';

export interface NearRunbook {
  readonly name: string;
  readonly title: string;
  /** 0 to 1. */
  readonly score: number;
}
export interface ConfidentMatch {
  readonly kind: 'confident';
  readonly runbook: Runbook;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  /** 0 to 1. */
  readonly confidence: number;
  /** Needed parameters the request leaves open. */
  readonly missing: readonly string[];
  /** Always empty: a word that nothing accounts for rules confidence out. */
  readonly unplaced: readonly string[];
}
export interface UnsureMatch {
  readonly kind: 'unsure' | 'none';
  readonly nearest: readonly NearRunbook[];
  /** Words of the request the nearest runbook does not account for. */
  readonly unplaced: readonly string[];
}
export type RequestMatch = ConfidentMatch | UnsureMatch;

interface Phrase {
  readonly concepts: ReadonlySet<string>;
  readonly slots: readonly string[];
}
interface Candidate {
  readonly runbook: Runbook;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly unplaced: readonly string[];
  /** The phrase the request fulfils, most specific first; null when it fulfils none. */
  readonly phrase: Phrase | null;
  readonly missing: readonly string[];
  readonly score: number;
}

/** Below this nothing is near. */
const NEAR = 0.25;
/** Characters that are read; what is longer could say anything in its rest, so nothing is sure of it. */
const LONGEST = 4000;
const NEAREST_SHOWN = 3;

/**
 * Which runbook a request asks for. Confident only when every word of it is accounted for and one
 * runbook fits better than all others; otherwise the nearest ones, of which none may run by itself.
 */
export function matchRequest(request: string, runbooks: readonly Runbook[]): RequestMatch {
  const language = detectLanguage(request);
  const tooLong = request.length > LONGEST;
  const masked = maskRequest(request.slice(0, LONGEST));
  const textScores = searchScores(unmask(masked, masked.text), runbooks);
  const candidates = runbooks
    .map(runbook => judge(runbook, masked, language, textScores.get(runbook.name) ?? 0))
    .sort((one, other) => other.score - one.score);
  const fitting = candidates
    .filter(candidate => !tooLong && candidate.phrase !== null && candidate.unplaced.length === 0)
    .sort((one, other) => compareFit(other, one));
  const [best, second] = fitting;
  if (best && (!second || compareFit(best, second) > 0)) {
    return {
      kind: 'confident',
      runbook: best.runbook,
      parameters: best.parameters,
      confidence: Math.round((0.8 + 0.2 * best.score) * 100) / 100,
      missing: best.missing,
      unplaced: [],
    };
  }
  const near = candidates.filter(candidate => candidate.score >= NEAR).slice(0, NEAREST_SHOWN);
  return {
    kind: near.length > 0 ? 'unsure' : 'none',
    nearest: near.map(({ runbook, score }) => ({
      name: runbook.name,
      title: runbook.title[language],
      score,
    })),
    unplaced: near[0]?.unplaced ?? [],
  };
}

/** More is better: nothing missing, then the more specific phrase, then more values read. */
function compareFit(one: Candidate, other: Candidate): number {
  return (
    (one.phrase?.concepts.size ?? 0) - (other.phrase?.concepts.size ?? 0) ||
    other.missing.length - one.missing.length ||
    Object.keys(one.parameters).length - Object.keys(other.parameters).length
  );
}

function judge(runbook: Runbook, request: MaskedRequest, language: Language, textScore: number): Candidate {
  const phrases = phrasesOf(runbook, language);
  const covered = new Set(phrases.flatMap(phrase => [...phrase.concepts]));
  const { parameters, rest, leads } = extractParameters(runbook, request, language);
  const words = tokenise(rest).filter(word => !isFiller(word));
  const said = [...words, ...tokenise(leads)].filter(word => !isFiller(word));
  const concepts = new Set(said.map(conceptOf));
  const fulfilled = phrases
    .filter(phrase => [...phrase.concepts].every(concept => concepts.has(concept)))
    .map(phrase => ({ phrase, missing: missingOf(runbook, phrase, parameters) }))
    // One word is too little to ask for the rest: `run X` is no schedule with its time left open.
    .filter(({ phrase, missing }) => phrase.concepts.size > 1 || missing.length === 0)
    .sort(
      (one, other) =>
        one.missing.length - other.missing.length || other.phrase.concepts.size - one.phrase.concepts.size,
    );
  const meant = fulfilled[0]?.phrase.concepts;
  const unplaced = words.filter(word => {
    const concept = conceptOf(word);
    return isNegation(word) ? meant?.has(concept) !== true : !covered.has(concept);
  });
  const likeness = Math.max(0, ...phrases.map(phrase => dice(phrase.concepts, concepts)));
  return {
    runbook,
    parameters,
    unplaced: [...new Set(unplaced)],
    phrase: fulfilled[0]?.phrase ?? null,
    missing: fulfilled[0]?.missing ?? [],
    score: Math.round((0.7 * likeness + 0.3 * textScore) * 100) / 100,
  };
}

function missingOf(
  runbook: Runbook,
  phrase: Phrase,
  parameters: Readonly<Record<string, ParameterValue>>,
): string[] {
  const needed = Object.entries(runbook.parameters).filter(
    ([name, parameter]) =>
      parameter.required || (phrase.slots.includes(name) && parameter.default === undefined),
  );
  return needed.map(([name]) => name).filter(name => !Object.hasOwn(parameters, name));
}

function dice(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const shared = [...one].filter(concept => other.has(concept)).length;
  return one.size + other.size === 0 ? 0 : (2 * shared) / (one.size + other.size);
}

const PHRASES = new WeakMap<Runbook, Record<Language, readonly Phrase[]>>();

function phrasesOf(runbook: Runbook, language: Language): readonly Phrase[] {
  let known = PHRASES.get(runbook);
  if (!known) {
    known = { en: runbook.match.en.map(readPhrase), ru: runbook.match.ru.map(readPhrase) };
    PHRASES.set(runbook, known);
  }
  return known[language];
}

function readPhrase(phrase: string): Phrase {
  const words = tokenise(phrase.replaceAll(/\{[^{}]*\}/g, ' '));
  return {
    concepts: new Set(words.filter(word => !isFiller(word)).map(conceptOf)),
    slots: [...phrase.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name),
  };
}

const INDEXES = new WeakMap<readonly Runbook[], MiniSearch>();

/** How well the request's words fit each runbook's texts, 0 to 1: orders what is near. */
function searchScores(request: string, runbooks: readonly Runbook[]): ReadonlyMap<string, number> {
  let index = INDEXES.get(runbooks);
  if (!index) {
    index = new MiniSearch({ fields: ['title', 'phrases'], processTerm: searchTerm });
    index.addAll(
      runbooks.map(runbook => ({
        id: runbook.name,
        title: `${runbook.title.en} ${runbook.title.ru}`,
        phrases: [...runbook.match.en, ...runbook.match.ru].join(' ').replaceAll(/\{[^{}]*\}/g, ' '),
      })),
    );
    INDEXES.set(runbooks, index);
  }
  return new Map(
    index.search(request, { prefix: false }).map(hit => [String(hit.id), hit.score / (hit.score + 8)]),
  );
}

function searchTerm(term: string): string | null {
  return isFiller(term) ? null : stemOf(term);
}
