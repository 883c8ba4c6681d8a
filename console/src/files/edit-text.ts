import { diffLines } from 'deckhand/client';

/** A file as a person edits it, and all that must be as it was when it is written again. */
export interface EditedText {
  /** Lines end with `\n` alone, as a text field has them. */
  readonly text: string;
  readonly encoding: 'UTF-8' | 'Latin-1';
  /** It begins with the mark of UTF-8. */
  readonly hasMark: boolean;
  /** What each line ends with; the last has none where nothing follows it. */
  readonly ends: readonly string[];
}

const MARK = [0xef, 0xbb, 0xbf] as const;
const END = /\r\n|\n|\r/g;

/** Null: it is no text. What is no UTF-8 is taken byte by byte, so that it is written as it was read. */
export function readText(bytes: Uint8Array): EditedText | null {
  if (bytes.includes(0)) return null;
  const hasMark = MARK.every((byte, index) => bytes[index] === byte);
  const body = hasMark ? bytes.subarray(MARK.length) : bytes;
  const utf8 = decoded(body);
  const raw = utf8 ?? byteText(body);
  return {
    text: raw.replaceAll(END, '\n'),
    encoding: utf8 === null ? 'Latin-1' : 'UTF-8',
    hasMark,
    ends: [...raw.matchAll(END)].map(([end]) => end),
  };
}

/** The bytes of what was edited: encoding, mark and the line ends of untouched lines as before. Throws what cannot be written. */
export function writeText(text: string, before: EditedText): Uint8Array {
  const usual = usualEnd(before.ends);
  const ends = new Set(before.ends).size <= 1 ? null : endsOf(text, before, usual);
  let line = 0;
  const raw = text.replaceAll('\n', () => ends?.[line++] ?? usual);
  const body = before.encoding === 'UTF-8' ? new TextEncoder().encode(raw) : latin(raw);
  return before.hasMark ? Uint8Array.from([...MARK, ...body]) : body;
}

/** How lines end, in words. */
export function endsText({ ends }: EditedText): string {
  const kinds = new Set(ends);
  if (kinds.size > 1) return 'mixed line ends';
  const [only = '\n'] = kinds;
  return only === '\n' ? 'LF' : only === '\r\n' ? 'CRLF' : 'CR';
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function byteText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function latin(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0xff)
      throw new Error(
        `This file is Latin-1, and '${String.fromCodePoint(text.codePointAt(at) ?? 0)}' is not in it.`,
      );
    bytes[at] = code;
  }
  return bytes;
}

function usualEnd(ends: readonly string[]): string {
  const count = (end: string): number => ends.filter(each => each === end).length;
  return ['\n', '\r\n', '\r'].toSorted((one, other) => count(other) - count(one))[0] ?? '\n';
}

/** Of each line of the new text: that of the old line that it was. */
function endsOf(text: string, before: EditedText, usual: string): readonly string[] {
  const ends: string[] = [];
  let old = 0;
  for (const { mark } of diffLines(before.text, text)) {
    if (mark !== '-') ends.push((mark === ' ' ? before.ends[old] : undefined) ?? usual);
    if (mark !== '+') old += 1;
  }
  return ends;
}
