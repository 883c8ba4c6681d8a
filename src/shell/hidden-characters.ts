/** Ranges of code points that make a text look different from what a shell reads, or that shells do not agree on. */
const HIDDEN_RANGES: readonly (readonly [number, number])[] = [
  // controls, but for tab and newline; no-break space; soft hyphen
  [0x00, 0x08],
  [0x0b, 0x1f],
  [0x7f, 0xa0],
  [0xad, 0xad],
  // joiners, fillers, other blanks, directions, line separators
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x1680, 0x1680],
  [0x17b4, 0x17b5],
  [0x180e, 0x180e],
  [0x2000, 0x200f],
  [0x2028, 0x202f],
  [0x205f, 0x206f],
  [0x3000, 0x3000],
  [0x3164, 0x3164],
  // halves of pairs, private use, variation selectors, byte order mark, tags
  [0xd800, 0xf8ff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xffff],
  [0xe0000, 0x10ffff],
];

/** The first hidden, control or bidirectional character as `U+202E`; null = there is none. Tab and newline are fine. */
export function hiddenCharacter(text: string): string | null {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    // most text is printable ASCII
    if (code >= 0x20 && code < 0x7f) continue;
    if (HIDDEN_RANGES.some(([first, last]) => code >= first && code <= last))
      return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  }
  return null;
}
