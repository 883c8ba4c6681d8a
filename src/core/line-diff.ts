/** One line of a difference: kept, removed or added. */
export interface DiffedLine {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Cells of the comparison table; beyond it the texts are shown as removed and added whole. */
const MOST_CELLS = 4_000_000;

/** The lines of both texts in order, by longest common subsequence. */
export function diffLines(before: string, after: string): readonly DiffedLine[] {
  return diffed(linesOf(before), linesOf(after));
}

function diffed(old: readonly string[], wanted: readonly string[]): readonly DiffedLine[] {
  let same = 0;
  while (same < old.length && same < wanted.length && old[same] === wanted[same]) same += 1;
  let end = 0;
  while (end < Math.min(old.length, wanted.length) - same && old.at(-1 - end) === wanted.at(-1 - end))
    end += 1;
  const [removed, added] = [old.slice(same, old.length - end), wanted.slice(same, wanted.length - end)];
  const middle =
    removed.length * added.length > MOST_CELLS
      ? [...removed.map(text => marked('-', text)), ...added.map(text => marked('+', text))]
      : walk(removed, added, lengths(removed, added));
  const kept = (text: string): DiffedLine => marked(' ', text);
  return [...old.slice(0, same).map(kept), ...middle, ...old.slice(old.length - end).map(kept)];
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

/** `@@` hunks as `diff -u` prints them, without the two lines that name the files; `` = no difference. */
export function unifiedDiff(before: string, after: string, context = 3): string {
  const lines = diffed(endedLines(before), endedLines(after));
  const text: string[] = [];
  let [oldAt, newAt] = [1, 1];
  let at = 0;
  while (at < lines.length) {
    const [from, to] = hunkAt(lines, at, context);
    for (; at < from; at += 1, oldAt += 1, newAt += 1);
    if (from === to) break;
    const hunk = lines.slice(from, to);
    const olds = hunk.filter(({ mark }) => mark !== '+').length;
    const news = hunk.filter(({ mark }) => mark !== '-').length;
    text.push(
      `@@ -${range(oldAt, olds)} +${range(newAt, news)} @@`,
      ...hunk.map(line => line.mark + line.text),
    );
    [at, oldAt, newAt] = [to, oldAt + olds, newAt + news];
  }
  return text.join('\n');
}

/** The next lines that belong together: from and to; equal = there are none. */
function hunkAt(lines: readonly DiffedLine[], start: number, context: number): readonly [number, number] {
  const isChange = (line: DiffedLine | undefined): boolean => line !== undefined && line.mark !== ' ';
  let first = start;
  while (first < lines.length && !isChange(lines[first])) first += 1;
  if (first === lines.length) return [first, first];
  let last = first;
  for (let at = first; at < lines.length && at - last <= 2 * context; at += 1)
    if (isChange(lines[at])) last = at;
  return [Math.max(start, first - context), Math.min(lines.length, last + context + 1)];
}

/** As `diff` counts: a range of nothing begins before its line. */
function range(at: number, count: number): string {
  return count === 1 ? String(at) : `${count === 0 ? at - 1 : at},${count}`;
}

/** The last line says when nothing ends it: with and without are two lines. */
function endedLines(text: string): string[] {
  const lines = linesOf(text);
  const last = lines.pop();
  if (last === undefined) return [];
  return [...lines, text.endsWith('\n') ? last : `${last}\n\\ No newline at end of file`];
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
