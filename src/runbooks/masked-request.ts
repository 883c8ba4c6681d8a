import { normaliseRequest } from './words.ts';

/**
 * A request in which everything in quotes is one private-use letter, so that no pattern reads into
 * it and no word of it is taken for an instruction.
 */
export interface MaskedRequest {
  readonly text: string;
  readonly quotes: readonly string[];
}

const FIRST_QUOTE = 0xe1_00;
const LAST_QUOTE = 0xef_ff;
/** Stands where a value was taken out. */
export const TAKEN = '\u{e000}';
const QUOTES = /«([^»]*)»|“([^”]*)”|"([^"]*)"|(?<![\p{L}\p{N}])'([^']*)'(?![\p{L}\p{N}])/gu;

export function maskRequest(request: string): MaskedRequest {
  const quotes: string[] = [];
  // A private-use letter of the person's own becomes a sign that nothing accounts for.
  const plain = request.replaceAll(/[\u{e000}-\u{f8ff}]/gu, ' \u{fffd} ');
  const masked = plain.replaceAll(QUOTES, (whole, ...groups: unknown[]) => {
    if (FIRST_QUOTE + quotes.length > LAST_QUOTE) return whole;
    quotes.push(groups.slice(0, 4).find(group => typeof group === 'string') as string);
    return String.fromCodePoint(FIRST_QUOTE + quotes.length - 1);
  });
  return { text: normaliseRequest(masked), quotes };
}

/** The text with what was in quotes put back, without the quotes. */
export function unmask(request: MaskedRequest, text: string): string {
  return text.replaceAll(/[\u{e100}-\u{efff}]/gu, letter => quoteOf(request, letter) ?? letter);
}

/** What was in quotes where the whole of `text` is one masked quote; undefined otherwise. */
export function quoteOf(request: MaskedRequest, text: string): string | undefined {
  return text.length === 1 ? request.quotes[(text.codePointAt(0) ?? 0) - FIRST_QUOTE] : undefined;
}

/**
 * A runbook's pattern as a regular expression's source. A blank is any white space, `{value}` the
 * value, `{end}` the end of the request or of what is left of it, `{quoted}` something in quotes.
 */
export function expandPattern(source: string, value: string): string {
  return source
    .replaceAll(' ', String.raw`\s+`)
    .replaceAll(String.raw`\s+?`, String.raw`\s*`)
    .replaceAll('{end}', String.raw`(?=\s*(?:[.!]?\s*$|\uE000))`)
    .replaceAll('{quoted}', String.raw`(?<value>[\uE100-\uEFFF])`)
    .replaceAll('{value}', () => `(?<value>${value})`);
}
