import { createHash } from 'node:crypto';
import type { StateOf } from '../core/state.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { printBytes, quote } from '../shell/quote.ts';
import { APPLY_PRELUDE, MAKE_TEMP, MOVE_TEMP, openFile, plainMode } from './apply-prelude.ts';
import { CONTENT_LIMIT } from './check-prelude.ts';
import { compareOwnership, type FileStatus, parseStatus } from './file-status.ts';
import { type Facts, factOf, observe, type StateKind, undecided } from './state-kind.ts';

type File = StateOf<'file'>;

/** Whole regular files, byte for byte. */
export const fileKind: StateKind<File> = {
  describe: state => `file ${state.path}${state.ensure === 'absent' ? ' absent' : ''}`,
  check: state =>
    state.ensure === 'absent'
      ? `look stat ${quote(state.path)} || :`
      : `content ${quote(state.path)} ${sha256(bytesOf(state))} ${isPrivate(state.mode) ? 'hide' : 'show'}`,
  judge: judgeFile,
  apply: state => (state.ensure === 'absent' ? removeScript(state) : writeScript(state)),
  effects: state => [
    { kind: 'path', subject: state.path, risk: state.ensure === 'absent' ? 'destructive' : 'privileged' },
  ],
  privilege: () => 'root',
};

function bytesOf(state: File): Buffer {
  return Buffer.from(state.content, 'utf8');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Neither group nor others may read it, so its text stays out of plans and reports. */
function isPrivate(mode: string): boolean {
  return (Number.parseInt(mode, 8) & 0o044) === 0;
}

function judgeFile(state: File, facts: Facts) {
  const line = factOf(facts, 'stat');
  const error = factOf(facts, 'error');
  if (line === undefined || error !== undefined) return undecided(error ?? 'stat did not answer.');
  const status = parseStatus(line);
  if (line !== 'missing' && !status) return undecided(`stat answered: ${line}`);
  if (state.ensure === 'absent') {
    return observe(status ? [{ field: 'file', before: status.type, after: 'absent' }] : []);
  }
  if (!status) {
    const created = { field: 'file', before: 'absent', after: summary(bytesOf(state)) };
    const shown = isShown(state.mode, state.content) && state.content !== '';
    return observe(shown ? [created, { field: 'content', before: '', after: state.content }] : [created]);
  }
  if (status.type !== 'regular file') {
    return observe([{ field: 'type', before: status.type, after: 'regular file' }]);
  }
  return judgeContent(state, status, facts);
}

function judgeContent(state: File, status: FileStatus, facts: Facts) {
  const wanted = bytesOf(state);
  const sum = factOf(facts, 'sha256');
  if (sum === undefined) return undecided('sha256sum did not answer.');
  const ownership = compareOwnership(status, state);
  if (sum === sha256(wanted)) return observe(ownership);
  const before = `${status.size} bytes, sha256 ${sum.slice(0, 12)}`;
  const sums = { field: 'content', before, after: summary(wanted) };
  const current = factOf(facts, 'content');
  const shown =
    current !== undefined &&
    isShown(status.mode, current) &&
    isShown(state.mode, state.content) &&
    visible(current) !== visible(state.content);
  const texts = { field: 'content', before: current ?? '', after: state.content };
  return observe([shown ? texts : sums, ...ownership], `${sums.before} → ${sums.after}`);
}

/** Text of a size for people, of a file that is not private. */
function isShown(mode: string, content: string): boolean {
  return !isPrivate(mode) && content.length <= CONTENT_LIMIT && !content.includes('\0');
}

/** What a line diff shows of a text; two texts may differ only in what it does not. */
function visible(content: string): string {
  return sanitiseText(content).replace(/\n$/, '');
}

function summary(bytes: Uint8Array): string {
  return `${bytes.length} bytes, sha256 ${sha256(bytes).slice(0, 12)}`;
}

function writeScript(state: File): string {
  const bytes = bytesOf(state);
  const ownership = `${state.owner}:${state.group}`;
  const validate =
    state.validate === undefined
      ? ''
      : `if ! (${state.validate.replaceAll('%s', '"$temp"')}
) >&2; then die "The new content of $path was refused by its validation."; fi
`;
  const same = quote(`${plainMode(state.mode)} ${ownership}`);
  return `${APPLY_PRELUDE}${openFile(state.path)}if [ -f "$path" ] && [ "$(stat -c '%a %U:%G' "$path")" = ${same} ]; then
  case $(sha256sum <"$path") in ${sha256(bytes)}*) exit 0 ;; esac
fi
${MAKE_TEMP}${printBytes(bytes)} >"$temp"
if [ "$(wc -c <"$temp")" -ne ${bytes.length} ]; then die "$temp was not written whole."; fi
chown ${quote(ownership)} "$temp"
chmod ${state.mode} "$temp"
${validate}${MOVE_TEMP}`;
}

function removeScript(state: File): string {
  return `${APPLY_PRELUDE}path=${quote(state.path)}
if [ -d "$path" ] && [ ! -L "$path" ]; then die "$path is a directory."; fi
rm -f -- "$path"
`;
}
