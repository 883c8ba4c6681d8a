import snowball from 'snowball-stemmers';
import { COMPOUNDS, CONCEPTS, COURTESY, FILLERS, NEGATIONS, POLITE_QUESTION } from './vocabulary.ts';

export type Language = 'en' | 'ru';

const english = snowball.newStemmer('english');
const russian = snowball.newStemmer('russian');

/** Russian where there is any Cyrillic letter. */
export function detectLanguage(text: string): Language {
  return /\p{Script=Cyrillic}/u.test(text) ? 'ru' : 'en';
}

/** Every runbook asks for the stems of the same words; a stem costs more than all else that is done with a word. */
const STEMS = new Map<string, string>();
const MOST_STEMS = 4_000;
/** Characters. Longer ones are no words, and are not kept. */
const LONGEST_WORD = 40;

/** Lower case, ё as е, and the stem of its own script. */
export function stemOf(word: string): string {
  const plain = plainOf(word);
  const known = STEMS.get(plain);
  if (known !== undefined) return known;
  const stem = detectLanguage(plain) === 'ru' ? russian.stem(plain) : english.stem(plain);
  if (plain.length <= LONGEST_WORD) {
    if (STEMS.size >= MOST_STEMS) STEMS.clear();
    STEMS.set(plain, stem);
  }
  return stem;
}

const ROWS: readonly (readonly [word: string, concept: string])[] = Object.entries(CONCEPTS).flatMap(
  ([concept, words]) => words.split(' ').map(word => [plainOf(word), concept] as const),
);
const CONCEPT_OF_WORD: ReadonlyMap<string, string> = new Map(ROWS);
/** Where two rows share a stem (`run`, `running`) the first keeps it; the words themselves stay apart. */
const CONCEPT_OF_STEM: ReadonlyMap<string, string> = new Map(
  ROWS.map(([word, concept]) => [stemOf(word), concept] as const).toReversed(),
);
/** Compared whole, not by stem: a stem would make a filler of some verb. */
const FILLER_WORDS: ReadonlySet<string> = new Set(FILLERS.split(' ').map(plainOf));
const NEGATION_WORDS: ReadonlySet<string> = new Set(NEGATIONS.split(' ').map(plainOf));

/** One spelling for comparison: lower case, ё as е. */
export function plainOf(word: string): string {
  return word.toLowerCase().replaceAll('ё', 'е');
}

/** The concept a word stands for; its stem where the table has none. */
export function conceptOf(word: string): string {
  return knownConcept(word) ?? stemOf(word);
}

/** Whether the table knows the word as a verb or a thing. */
export function isKnownWord(word: string): boolean {
  return knownConcept(word) !== undefined;
}

function knownConcept(word: string): string | undefined {
  return CONCEPT_OF_WORD.get(plainOf(word)) ?? CONCEPT_OF_STEM.get(stemOf(word));
}

export function isFiller(word: string): boolean {
  return FILLER_WORDS.has(plainOf(word));
}

export function isNegation(word: string): boolean {
  return NEGATION_WORDS.has(plainOf(word));
}

/** A semicolon that parts two halves of a sentence; all others are signs of a shell. */
const CLAUSE_END = /(?<=[\p{L}\p{N}]);(?=\s+\p{L})/gu;

/** `can you X?` as `X`, white space as single blanks, `;` between words as a comma. */
export function normaliseRequest(text: string): string {
  return (POLITE_QUESTION.exec(text)?.[1] ?? text)
    .replaceAll(COURTESY, ' ')
    .replaceAll(CLAUSE_END, ',')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/**
 * Everything in a text that could mean something: words with their inner `.`, `-`, `/`, `_`, `=` and
 * `@` (several words that are one are joined first), and the signs a shell or a question would use. Other punctuation means nothing.
 */
export function tokenise(text: string): string[] {
  const joined = COMPOUNDS.reduce((changed, [pattern, word]) => changed.replaceAll(pattern, word), text);
  const found =
    joined.match(/[\p{L}\p{N}_/@+=~-][\p{L}\p{N}_/@+=~.:-]*|[|&;$`<>#*\\?{}%^]|[^\s\p{P}\p{L}\p{N}]/gu) ?? [];
  return found.map(token => token.replace(/(?<=.)[.:-]+$/u, '')).filter(token => !/^-+$/.test(token));
}
