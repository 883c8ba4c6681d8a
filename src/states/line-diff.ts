/** Lines kept around a change. */
const AROUND = 3;
/** Most insertions plus deletions searched for; beyond, the whole middle counts as replaced. */
const EFFORT = 500;

type Edit = readonly [' ' | '-' | '+', string];

/** A unified diff of two texts, without file names; empty when they are equal. */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return '';
  const left = toLines(before);
  const right = toLines(after);
  return hunks(edits(left, right)).join('\n');
}

function toLines(text: string): readonly string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  else lines[lines.length - 1] += '\n\\ No newline at end of file';
  return lines;
}

function edits(left: readonly string[], right: readonly string[]): readonly Edit[] {
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head += 1;
  let tail = 0;
  const room = Math.min(left.length, right.length) - head;
  while (tail < room && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail += 1;
  const same = (line: string): Edit => [' ', line];
  return [
    ...left.slice(0, head).map(same),
    ...shortest(left.slice(head, left.length - tail), right.slice(head, right.length - tail)),
    ...left.slice(left.length - tail).map(same),
  ];
}

/** Myers' greedy algorithm with a kept trace. */
function shortest(left: readonly string[], right: readonly string[]): readonly Edit[] {
  const trace: Map<number, number>[] = [];
  const reach = new Map<number, number>([[1, 0]]);
  for (let depth = 0; depth <= Math.min(EFFORT, left.length + right.length); depth += 1) {
    trace.push(new Map(reach));
    for (let diagonal = -depth; diagonal <= depth; diagonal += 2) {
      let x = goesDown(reach, diagonal, depth)
        ? (reach.get(diagonal + 1) ?? 0)
        : (reach.get(diagonal - 1) ?? 0) + 1;
      while (x < left.length && x - diagonal < right.length && left[x] === right[x - diagonal]) x += 1;
      reach.set(diagonal, x);
      if (x >= left.length && x - diagonal >= right.length) return walkBack(trace, left, right);
    }
  }
  return [...left.map((line): Edit => ['-', line]), ...right.map((line): Edit => ['+', line])];
}

function goesDown(reach: ReadonlyMap<number, number>, diagonal: number, depth: number): boolean {
  if (diagonal === -depth) return true;
  return diagonal !== depth && (reach.get(diagonal - 1) ?? -1) < (reach.get(diagonal + 1) ?? -1);
}

function walkBack(
  trace: readonly ReadonlyMap<number, number>[],
  left: readonly string[],
  right: readonly string[],
): readonly Edit[] {
  const found: Edit[] = [];
  let x = left.length;
  let y = right.length;
  for (let depth = trace.length - 1; depth >= 0; depth -= 1) {
    const reach = trace[depth] ?? new Map<number, number>();
    const down = goesDown(reach, x - y, depth);
    const fromDiagonal = down ? x - y + 1 : x - y - 1;
    const fromX = reach.get(fromDiagonal) ?? 0;
    const fromY = fromX - fromDiagonal;
    while (x > Math.max(fromX, 0) && y > Math.max(fromY, 0)) {
      x -= 1;
      y -= 1;
      found.push([' ', left[x] ?? '']);
    }
    if (depth > 0) found.push(down ? ['+', right[fromY] ?? ''] : ['-', left[fromX] ?? '']);
    x = fromX;
    y = fromY;
  }
  return found.toReversed();
}

function hunks(all: readonly Edit[]): readonly string[] {
  const kept = new Set<number>();
  for (const [index, [sign]] of all.entries()) {
    if (sign === ' ') continue;
    for (let near = index - AROUND; near <= index + AROUND; near += 1) kept.add(near);
  }
  const lines: string[] = [];
  let [leftLine, rightLine] = [1, 1];
  for (const [index, [sign, text]] of all.entries()) {
    if (kept.has(index)) {
      if (!kept.has(index - 1) || index === 0) lines.push(`@@ -${leftLine} +${rightLine} @@`);
      lines.push(`${sign}${text}`);
    }
    if (sign !== '+') leftLine += 1;
    if (sign !== '-') rightLine += 1;
  }
  return lines;
}
