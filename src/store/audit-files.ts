import { readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BEGINNING, type ChainEnd, parseLine } from './audit-chain.ts';

/** The file that lines are appended to. */
export const AUDIT_FILE = 'audit.jsonl';
const HEAD_FILE = 'audit.head';
/** What was full: `audit-000000000042.jsonl` ends with line 42. */
const FULL = /^audit-(\d{12})\.jsonl$/;

/** One file that is full, and the number of its last line. */
export interface FullFile {
  readonly path: string;
  readonly last: number;
}

/** Oldest first. */
export async function fullFiles(folder: string): Promise<readonly FullFile[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .flatMap(name => {
      const last = FULL.exec(name)?.[1];
      return last === undefined ? [] : [{ path: join(folder, name), last: Number(last) }];
    })
    .toSorted((one, other) => one.last - other.last);
}

/** The file is full: its lines stay under a name of their own, and the next line begins a new one. */
export async function putAside(folder: string, last: number): Promise<void> {
  const name = `audit-${String(last).padStart(12, '0')}.jsonl`;
  await rename(join(folder, AUDIT_FILE), join(folder, name));
}

export async function removeFull(files: readonly FullFile[]): Promise<void> {
  for (const { path } of files) await rm(path, { force: true });
}

/** The last line of a full file. Throws `audit.broken`. */
export async function endOfFull({ path, last }: FullFile): Promise<ChainEnd & { readonly time: number }> {
  const line = (await readText(path)).split('\n').at(-2) ?? '';
  return parseLine(line, last);
}

/** The end of the log. A line that a crash cut off was never acknowledged: it is taken away. */
export async function endOfLog(folder: string): Promise<ChainEnd> {
  const path = join(folder, AUDIT_FILE);
  const text = await readText(path);
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) await truncate(path, Buffer.byteLength(whole));
  const lines = whole.split('\n');
  const last = lines.at(-2);
  if (last !== undefined) return parseLine(last, lines.length - 1);
  const newest = (await fullFiles(folder)).at(-1);
  return newest ? await endOfFull(newest) : BEGINNING;
}

/** What was written last, beside the log: that its end was cut off is seen by it. */
export async function readHead(folder: string): Promise<ChainEnd> {
  const [number = '', hash = ''] = (await readText(join(folder, HEAD_FILE))).trim().split(' ');
  return number === '' ? BEGINNING : { number: Number(number), hash };
}

export async function writeHead(folder: string, { number, hash }: ChainEnd): Promise<void> {
  const head = join(folder, HEAD_FILE);
  await writeFile(`${head}.new`, `${number} ${hash}\n`, { mode: 0o600 });
  await rename(`${head}.new`, head);
}

export async function readText(path: string): Promise<string> {
  if (!(await stat(path).catch(() => null))) return '';
  return await readFile(path, 'utf8');
}
