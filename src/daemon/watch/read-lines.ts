import { setImmediate as turn } from 'node:timers/promises';
import type { LinePage, LineQuery, OutputLine } from '../../api/watch-contract.ts';
import type { LineCounts, LineExtent, OpenLines, Store } from '../../store/store.ts';
import { LineCutter } from './line-cutter.ts';

/** Rows of output read at once, after fewer in the beginning: most questions are answered by one. Each holds 64 KiB at most. */
const PAGE = 16;
/** Rows that a line may begin before the one it ends in; what began earlier is shown without its beginning. */
const FURTHEST_BACK = 64;
/** Bytes that one search looks at before it answers with what it has. */
const SEARCHED_AT_ONCE = 4 * 1024 * 1024;

/** Lines of a task's newest attempt. Throws `task.unknown`. */
export async function readLines(store: Store, task: string, query: LineQuery): Promise<LinePage> {
  const extent = await store.lineExtent(task);
  const { attempt } = extent;
  const ended = endedLines(extent, query.stream);
  const tail = await openLines(store, task, extent, query.stream);
  const total = ended + tail.length;
  if (query.search !== null) {
    const found = await search(store, task, extent, { ...query, search: query.search });
    return { attempt, total, ...found };
  }
  const from = query.from ?? Math.max(1, total - query.count + 1);
  const lines: OutputLine[] = [];
  for await (const { line } of linesFrom(store, task, extent, query.stream, from)) {
    lines.push(line);
    if (lines.length >= query.count) break;
  }
  for (const line of tail)
    if (lines.length < query.count && line.number >= from && line.number > ended) lines.push(line);
  return { attempt, total, lines, next: null };
}

/** Lines there are, those without an end among them. Throws `task.unknown`. */
export async function countLines(
  store: Store,
  task: string,
): Promise<{ readonly attempt: number; readonly total: number }> {
  const extent = await store.lineExtent(task);
  const tail = await openLines(store, task, extent, null);
  return { attempt: extent.attempt, total: endedLines(extent, null) + tail.length };
}

function endedLines({ stdout, stderr }: LineExtent, stream: LineQuery['stream']): number {
  return stream === null ? stdout + stderr : stream === 'stdout' ? stdout : stderr;
}

/** What comes after the last line that ended. */
async function openLines(
  store: Store,
  task: string,
  extent: LineExtent,
  stream: LineQuery['stream'],
): Promise<readonly OutputLine[]> {
  if (extent.last < extent.first || isNothingOpen(extent.open, stream)) return [];
  const cutter = new LineCutter(endedLines(extent, stream));
  const from = await beginning(store, task, extent, stream, {
    seq: extent.last + 1,
    before: extent,
    open: extent.open,
  });
  let time = 0;
  for await (const chunk of chunksFrom(store, task, from, extent.last)) {
    ({ time } = chunk);
    // counted already: only what is left over at the end is wanted
    for (const _ of cutter.cut(chunk, stream));
  }
  const ended = endedLines(extent, stream);
  return [...cutter.open(time)].map((line, index) => ({ ...line, number: ended + index + 1 }));
}

/** Ended lines from a number on, with the bytes that were read for each. */
async function* linesFrom(
  store: Store,
  task: string,
  extent: LineExtent,
  stream: LineQuery['stream'],
  from: number,
): AsyncGenerator<{ readonly line: OutputLine; readonly bytes: number }> {
  const found = await store.findLine(task, extent, stream, from);
  if (!found) return;
  const start = await beginning(store, task, extent, stream, found);
  const skipped = start < found.seq;
  // the rows before are read only for the beginnings of lines that end later
  const cutter = new LineCutter(0);
  let number = endedLines({ ...extent, ...found.before }, stream);
  for await (const chunk of chunksFrom(store, task, start, extent.last)) {
    let bytes = chunk.pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
    for (const line of cutter.cut(chunk, stream)) {
      if (skipped && chunk.seq < found.seq) continue;
      number += 1;
      if (number < from) continue;
      yield { line: { ...line, number }, bytes };
      bytes = 0;
    }
  }
}

function isNothingOpen(open: OpenLines, stream: LineQuery['stream']): boolean {
  return stream === null ? open.stdout === 0 && open.stderr === 0 : open[stream] === 0;
}

/** The row from which reading must begin, so that lines which end in `seq` have their beginnings. */
async function beginning(
  store: Store,
  task: string,
  extent: LineExtent,
  stream: LineQuery['stream'],
  { seq, before, open }: { readonly seq: number; readonly before: LineCounts; readonly open: OpenLines },
): Promise<number> {
  const rows = await Promise.all(
    (stream === null ? (['stdout', 'stderr'] as const) : [stream]).map(async each => {
      const begun = open[each];
      if (begun !== null) return begun === 0 ? seq : begun;
      // kept before it was counted where lines begin: not before the end of the line before
      if (before[each] === 0) return extent.first;
      return (await store.findLine(task, extent, each, before[each]))?.seq ?? extent.first;
    }),
  );
  return Math.max(Math.min(...rows), extent.first, seq - FURTHEST_BACK);
}

async function* chunksFrom(store: Store, task: string, from: number, last: number) {
  for (let seq = from, count = 1; seq <= last; seq += count, count = Math.min(2 * count, PAGE)) {
    // a long log must not hold up everybody else
    if (seq > from) await turn();
    for (const chunk of await store.output(task, seq - 1, Math.min(count, last - seq + 1))) yield chunk;
  }
}

async function search(
  store: Store,
  task: string,
  extent: LineExtent,
  { from, count, stream, search: text }: LineQuery & { readonly search: string },
): Promise<Pick<LinePage, 'lines' | 'next'>> {
  const wanted = text.toLowerCase();
  const lines: OutputLine[] = [];
  let looked = 0;
  for await (const { line, bytes } of linesFrom(store, task, extent, stream, from ?? 1)) {
    if (lines.length >= count || looked >= SEARCHED_AT_ONCE) return { lines, next: line.number };
    looked += bytes;
    if (line.text.toLowerCase().includes(wanted)) lines.push(line);
  }
  return { lines, next: null };
}
