/** One line of a difference: kept, removed or added. */
export interface DiffedLine {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Cells of the comparison table; beyond it the texts are shown as removed and added whole. */
const MOST_CELLS = 4_000_000;

/** The lines of both texts in order, by longest common subsequence. */
export function diffLines(before: string, after: string): readonly DiffedLine[] {
  const old = linesOf(before);
  const wanted = linesOf(after);
  if (old.length * wanted.length > MOST_CELLS) {
    return [...old.map(text => marked('-', text)), ...wanted.map(text => marked('+', text))];
  }
  return walk(old, wanted, lengths(old, wanted));
}

/** Like `diffLines`, but with at most `context` kept lines around each change; gaps are `null`. */
export function hunks(before: string, after: string, context = 3): readonly (DiffedLine | null)[] {
  const lines = diffLines(before, after);
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(line => line.mark !== ' '),
  );
  const shown: (DiffedLine | null)[] = [];
  for (const [index, line] of lines.entries()) {
    if (near[index]) shown.push(line);
    else if (shown.at(-1) !== null) shown.push(null);
  }
  return shown;
}

function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function marked(mark: DiffedLine['mark'], text: string): DiffedLine {
  return { mark, text };
}

/** `table[i][j]`: length of the common subsequence of `old` from i and `wanted` from j. */
function lengths(old: readonly string[], wanted: readonly string[]): readonly Uint32Array[] {
  const rows = Array.from({ length: old.length + 1 }, () => new Uint32Array(wanted.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = wanted.length - 1; j >= 0; j -= 1) {
      const equal = old[i] === wanted[j];
      rows[i]![j] = equal ? rows[i + 1]![j + 1]! + 1 : Math.max(rows[i + 1]![j]!, rows[i]![j + 1]!);
    }
  }
  return rows;
}

function walk(
  old: readonly string[],
  wanted: readonly string[],
  table: readonly Uint32Array[],
): readonly DiffedLine[] {
  const lines: DiffedLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length && j < wanted.length) {
    if (old[i] === wanted[j]) {
      lines.push(marked(' ', old[i]!));
      i += 1;
      j += 1;
    } else if (table[i + 1]![j]! >= table[i]![j + 1]!) {
      lines.push(marked('-', old[i]!));
      i += 1;
    } else {
      lines.push(marked('+', wanted[j]!));
      j += 1;
    }
  }
  for (const text of old.slice(i)) lines.push(marked('-', text));
  for (const text of wanted.slice(j)) lines.push(marked('+', text));
  return lines;
}
