import { unifiedDiff } from '../core/line-diff.ts';
import type { RawPath } from '../core/raw-path.ts';
import type { TransferAction } from '../core/transfer-params.ts';
import type { BothTrees } from './both-trees.ts';
import type { Action, Side } from './decide/action.ts';
import { quoteRaw, runScript } from './host/run-script.ts';
import type { Job } from './move/job.ts';
import { type Entry, join } from './tree/entry.ts';
import { openToRead } from './tree/local-tree.ts';

export type PlanDiff = NonNullable<TransferAction['diff']>;

/** Bytes of a file beyond which its lines are not compared. */
const LARGEST = 64 * 1024;
/** Files that are read for one plan. */
const MOST_FILES = 200;
/** Characters of all differences of one plan. */
const MOST_TEXT = 512 * 1024;

/** What would change in the files of a plan. Files are read on both sides, the host's in one round trip. */
export async function diffsOf(
  job: Job,
  trees: BothTrees,
  plan: readonly Action[],
): Promise<ReadonlyMap<Action, PlanDiff>> {
  const diffs = new Map<Action, PlanDiff>();
  const readable: Change[] = [];
  for (const action of plan) {
    const change = changeOf(action, trees);
    const note = change === undefined ? undefined : noteOf(change);
    if (change === undefined) continue;
    if (note !== undefined) diffs.set(action, { note });
    else if (readable.length < MOST_FILES) readable.push(change);
    else diffs.set(action, { note: `only the first ${MOST_FILES} files are compared` });
  }
  const wanted = new Set(readable.flatMap(({ before, after }) => [before, after]).flatMap(onHost));
  const there = await readThere(job, trees.remote.place.base, [...wanted]);
  let left = MOST_TEXT;
  for (const change of readable) {
    const [before, after] = await Promise.all(
      [change.before, change.after].map(async end => await contentsOf(end, job, trees, there)),
    );
    const diff = left > 0 ? compared(before, after, change) : { note: 'more differences than are shown' };
    if ('text' in diff) left -= diff.text.length;
    diffs.set(change.action, diff);
  }
  return diffs;
}

/** One of the two files that are compared. */
interface End {
  readonly side: Side;
  readonly entry: Entry;
}
interface Change {
  readonly action: Action;
  /** Null: there is none. */
  readonly before: End | null;
  readonly after: End | null;
}

/** Undefined: nothing that has contents. */
function changeOf(action: Action, { local, remote }: BothTrees): Change | undefined {
  const { side, path, entry, existing } = action;
  if (action.action === 'skip' || action.action === 'attributes') {
    return action.action === 'attributes' && entry.type === 'file'
      ? { action, before: null, after: null }
      : undefined;
  }
  if (action.action === 'conflict') {
    const [here, there] = [local.tree.entries.get(path), remote.tree.entries.get(path)];
    if (here?.type !== 'file' || there?.type !== 'file') return undefined;
    return { action, before: { side: 'local', entry: here }, after: { side: 'remote', entry: there } };
  }
  const other = side === 'local' ? 'remote' : 'local';
  const before = existing?.type === 'file' ? { side, entry: existing } : null;
  const after =
    action.action !== 'delete' && entry.type === 'file' ? ({ side: other, entry } as const) : null;
  return before === null && after === null ? undefined : { action, before, after };
}

/** What can be said without reading. */
function noteOf({ action, before, after }: Change): string | undefined {
  const { entry, existing } = action;
  if (action.action === 'attributes' && existing !== null) {
    const mode = `mode ${octal(existing)} becomes ${octal(entry)}`;
    return existing.mode === entry.mode ? 'only its time or owner' : mode;
  }
  const size = Math.max(before?.entry.size ?? 0, after?.entry.size ?? 0);
  return size > LARGEST ? `larger than ${LARGEST / 1024} KiB, not compared line by line` : undefined;
}

function octal({ mode }: Entry): string {
  return mode.toString(8).padStart(4, '0');
}

function onHost(end: End | null): RawPath[] {
  return end?.side === 'remote' ? [end.entry.path] : [];
}

/** Null: it could not be read. */
async function contentsOf(
  end: End | null,
  job: Job,
  { local }: BothTrees,
  there: ReadonlyMap<RawPath, Buffer>,
): Promise<Buffer | null> {
  if (end === null) return Buffer.alloc(0);
  const { path } = end.entry;
  if (end.side === 'remote') return there.get(path) ?? null;
  try {
    await using file = await openToRead(join(local.place.base, path), job.options.followLinks || path === '');
    const bytes = Buffer.alloc(LARGEST + 1);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } catch {
    return null;
  }
}

function compared(
  before: Buffer | null | undefined,
  after: Buffer | null | undefined,
  { action }: Change,
): PlanDiff {
  if (!before || !after) return { note: 'it cannot be read' };
  if (before.length > LARGEST || after.length > LARGEST) return { note: 'it has grown too large to compare' };
  const [old, wanted] = [textOf(before), textOf(after)];
  if (old === undefined || wanted === undefined) return { note: 'binary' };
  const text = unifiedDiff(old, wanted);
  if (text !== '') return { text };
  return { note: action.action === 'create' || action.action === 'delete' ? 'empty' : 'equal contents' };
}

function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** As hexadecimal digits, which every host can print; what cannot be read is absent. */
async function readThere(
  job: Job,
  base: RawPath,
  paths: readonly RawPath[],
): Promise<ReadonlyMap<RawPath, Buffer>> {
  const found = new Map<RawPath, Buffer>();
  if (paths.length === 0) return found;
  const lines = paths.map(path => {
    const full = quoteRaw(join(base, path));
    return `[ -r ${full} ] && [ -f ${full} ] && od -An -v -tx1 -N ${LARGEST + 1} <${full} && printf '+' || printf '!'; printf ';'`;
  });
  const { stdout } = await runScript(job.connection, 'sh', {
    signal: job.signal,
    stdin: Buffer.from([...lines, ''].join('\n'), 'latin1'),
  });
  for (const [index, text] of stdout.toString('latin1').split(';').entries()) {
    const path = paths[index];
    if (path === undefined || !text.endsWith('+')) continue;
    found.set(path, Buffer.from(text.slice(0, -1).replaceAll(/\s/g, ''), 'hex'));
  }
  return found;
}
