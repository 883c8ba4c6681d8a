import { type RawPath, rawToBytes, showRaw } from '../../core/raw-path.ts';
import { quoteRaw, runScript, type ScriptOptions, type ScriptResult } from '../host/run-script.ts';
import { scriptError } from '../host/script-error.ts';
import { decimalSeconds } from '../tar/header.ts';
import { type Entry } from '../tree/entry.ts';
import type { Job } from './job.ts';

/**
 * Functions that the lines of a script may use. `m`: renames; into a folder, or through a link to one, `mv`
 * would put it inside; what failed before is not there to be renamed. `t`: sets the time.
 */
export const FUNCTIONS = [
  'm() { [ -e "$1" ] || [ -h "$1" ] || return 0; if [ -h "$2" ]; then rm -f -- "$2";',
  'elif [ -d "$2" ]; then printf "%s: Is a directory\\n" "$2" >&2; return 1; fi; mv -f -- "$1" "$2"; };',
  't() { touch -h -d "@$1" -- "$2" 2>/dev/null || touch -d "@$1" -- "$2" 2>/dev/null || touch -d "@${1%.*}" -- "$2"; };',
].join(' ');

export interface Line {
  readonly path: RawPath;
  /** Shell text of bytes; more than one command is joined by `&&`. */
  readonly text: string;
}

/** Runs many small commands, each for a path, in one round trip; what fails is noted for that path. */
export async function runLines(job: Job, lines: readonly Line[]): Promise<void> {
  if (lines.length === 0) return;
  const body = lines.map(
    ({ text }, index) => `e=$( { ${text}; } 2>&1 </dev/null) || printf '%s %s\\0' ${index} "$e"`,
  );
  const { exitCode, stdout, errors } = await runScript(job.connection, 'sh', {
    signal: job.signal,
    stdin: Buffer.from([FUNCTIONS, ...body, `printf 'done\\0'`, ''].join('\n'), 'latin1'),
  });
  const said = stdout.toString('latin1').split('\0');
  if (said.at(-2) !== 'done') throw scriptError(job.hostName, 'changing files', errors, exitCode);
  for (const each of said.slice(0, -2)) {
    const space = each.indexOf(' ');
    const line = lines[Number(each.slice(0, space))];
    if (line) job.fail(line.path, scriptError(job.hostName, showRaw(line.path), each.slice(space + 1), 1));
  }
}

/** The same few lines within another script, whose only output such lines are; `noteFailed` reads it, by the same mark. */
export function eachNoted(lines: readonly Line[], mark = ''): string {
  const noted = ({ text }: Line, index: number): string =>
    `{ ${text}; } 2>&1 </dev/null || printf '\\0%s\\0' ${mark}${index};`;
  return lines.map(noted).join('\n');
}

export function noteFailed(job: Job, lines: readonly Line[], output: Buffer, mark = ''): void {
  const said = output.toString('latin1').split('\0');
  const byName = new Map(lines.map((line, index) => [`${mark}${index}`, line]));
  for (let at = 0; at + 1 < said.length; at += 2) {
    const line = byName.get(said[at + 1] ?? '');
    if (line) job.fail(line.path, scriptError(job.hostName, showRaw(line.path), said[at] ?? '', 1));
  }
}

/** Throws a typed error unless it ended with 0. */
export async function runChecked(
  job: Job,
  doing: string,
  script: string,
  options: Omit<ScriptOptions, 'signal'> = {},
): Promise<ScriptResult> {
  const result = await runScript(job.connection, script, { signal: job.signal, ...options });
  if (result.exitCode !== 0) throw scriptError(job.hostName, doing, result.errors, result.exitCode);
  return result;
}

export function renameText(from: RawPath, to: RawPath): string {
  return `m ${quoteRaw(from)} ${quoteRaw(to)}`;
}

/** Owner, mode and time, in the order in which one does not undo the other. */
export function attributesText(full: RawPath, entry: Entry, owners: boolean): string {
  const words: string[] = [];
  const path = quoteRaw(full);
  if (owners) words.push(`chown -h ${entry.uid}:${entry.gid} -- ${path}`);
  if (entry.type !== 'symlink') words.push(`chmod ${entry.mode.toString(8)} -- ${path}`);
  words.push(`t ${decimalSeconds(entry.mtime)} ${path}`);
  return words.join(' && ');
}

/** Paths with a zero byte after each, for `xargs -0`. */
export function zeroList(paths: readonly RawPath[]): Buffer {
  return Buffer.concat(paths.flatMap(path => [rawToBytes(path), Buffer.alloc(1)]));
}
