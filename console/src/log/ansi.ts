import { sanitiseText } from 'deckhand/client';

/** A piece of a line in one look. */
export interface Span {
  readonly text: string;
  /** Classes of the theme, never anything the text says. */
  readonly look: string;
}

interface Pen {
  colour: number | null;
  bold: boolean;
  faint: boolean;
  underline: boolean;
  inverse: boolean;
}

// oxlint-disable-next-line no-control-regex -- escape sequences are what is read here
const LOOK_SEQUENCE = /\u001b\[([\d;:]*)m/g;

/** A line with terminal colours as pieces of plain text. All other sequences and control characters are taken out. */
export function spansOf(line: string): readonly Span[] {
  const spans: Span[] = [];
  const pen: Pen = { colour: null, bold: false, faint: false, underline: false, inverse: false };
  let from = 0;
  const add = (text: string): void => {
    const clean = sanitiseText(text);
    if (clean !== '') spans.push({ text: clean, look: lookOf(pen) });
  };
  for (const match of line.matchAll(LOOK_SEQUENCE)) {
    add(line.slice(from, match.index));
    from = match.index + match[0].length;
    setPen(pen, (match[1] ?? '').split(/[;:]/).map(Number));
  }
  add(line.slice(from));
  return spans;
}

/** The same as plain text. */
export function plainLine(line: string): string {
  return sanitiseText(line);
}

function setPen(pen: Pen, codes: readonly number[]): void {
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0)
      Object.assign(pen, { colour: null, bold: false, faint: false, underline: false, inverse: false });
    else if (code === 1) pen.bold = true;
    else if (code === 2) pen.faint = true;
    else if (code === 4) pen.underline = true;
    else if (code === 7) pen.inverse = true;
    else if (code === 22) pen.bold = pen.faint = false;
    else if (code === 24) pen.underline = false;
    else if (code === 27) pen.inverse = false;
    else if (code >= 30 && code <= 37) pen.colour = code - 30;
    else if (code >= 90 && code <= 97) pen.colour = code - 90 + 8;
    else if (code === 39) pen.colour = null;
    else if (code === 38 || code === 48) {
      const isIndex = codes[at + 1] === 5;
      const colour = isIndex ? indexed(codes[at + 2] ?? 0) : nearest(codes.slice(at + 2, at + 5));
      if (code === 38) pen.colour = colour;
      at += isIndex ? 2 : 4;
    }
  }
}

/** One of the sixteen for one of the 256. */
function indexed(index: number): number {
  if (index < 16) return index;
  if (index >= 232) return index < 244 ? 8 : 7;
  const cube = index - 16;
  return nearest([Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51]);
}

/** The hue that is nearest: the theme knows how to show it on its ground. */
function nearest([red = 0, green = 0, blue = 0]: readonly number[]): number {
  const limit = (Math.max(red, green, blue) + Math.min(red, green, blue)) / 2;
  if (Math.max(red, green, blue) - Math.min(red, green, blue) < 40) return 7;
  return (red > limit ? 1 : 0) + (green > limit ? 2 : 0) + (blue > limit ? 4 : 0);
}

function lookOf({ colour, bold, faint, underline, inverse }: Pen): string {
  return [
    colour === null || colour === 7 || colour === 15 ? '' : `ansi-${colour}`,
    bold ? 'ansi-bold' : '',
    faint ? 'ansi-faint' : '',
    underline ? 'ansi-underline' : '',
    inverse ? 'ansi-inverse' : '',
  ]
    .filter(Boolean)
    .join(' ');
}
