import type { StateOf } from '../core/state.ts';
import { quote } from '../shell/quote.ts';
import { APPLY_PRELUDE, plainMode } from './apply-prelude.ts';
import { compareOwnership, parseStatus } from './file-status.ts';
import { type Facts, factOf, observe, type StateKind, undecided } from './state-kind.ts';

type Directory = StateOf<'directory'>;

/** Directories with mode and owner. */
export const directoryKind: StateKind<Directory> = {
  describe: state => `directory ${state.path}${state.ensure === 'absent' ? ' absent' : ''}`,
  check: state => `look stat ${quote(state.path)} || :`,
  judge: judgeDirectory,
  apply: state => (state.ensure === 'absent' ? removeScript(state) : makeScript(state)),
  effects: state => [
    { kind: 'path', subject: state.path, risk: state.ensure === 'absent' ? 'destructive' : 'privileged' },
  ],
  privilege: () => 'root',
};

function judgeDirectory(state: Directory, facts: Facts) {
  const line = factOf(facts, 'stat');
  const error = factOf(facts, 'error');
  if (line === undefined || error !== undefined) return undecided(error ?? 'stat did not answer.');
  const status = parseStatus(line);
  if (line !== 'missing' && !status) return undecided(`stat answered: ${line}`);
  if (state.ensure === 'absent') {
    return observe(status ? [{ field: 'directory', before: status.type, after: 'absent' }] : []);
  }
  if (!status) {
    const after = `${state.mode} ${state.owner}:${state.group}`;
    return observe([{ field: 'directory', before: 'absent', after }]);
  }
  if (status.type !== 'directory') {
    return observe([{ field: 'type', before: status.type, after: 'directory' }]);
  }
  return observe(compareOwnership(status, state));
}

function makeScript(state: Directory): string {
  const ownership = `${state.owner}:${state.group}`;
  return `${APPLY_PRELUDE}path=${quote(state.path)}
if [ -L "$path" ]; then die "$path is a symbolic link; name the directory it points to."; fi
if [ -e "$path" ] && [ ! -d "$path" ]; then die "$path exists and is not a directory."; fi
mkdir -p -- "$path"
if [ "$(stat -c '%a %U:%G' "$path")" = ${quote(`${plainMode(state.mode)} ${ownership}`)} ]; then exit 0; fi
chown ${quote(ownership)} "$path"
# The five digits clear a set-group-id bit too, which four digits leave on directories.
chmod ${state.mode.padStart(5, '0')} "$path"
`;
}

/** A directory directly below `/` is never removed; nor is anything on another file system. */
function removeScript(state: Directory): string {
  const depth = state.path.split('/').filter(part => part !== '' && part !== '.').length;
  if (depth < 2) return `${APPLY_PRELUDE}die ${quote(`${state.path} is a top-level directory and stays.`)}\n`;
  return `${APPLY_PRELUDE}path=${quote(state.path)}
if [ -L "$path" ]; then die "$path is a symbolic link, not a directory."; fi
if [ ! -e "$path" ]; then exit 0; fi
if [ ! -d "$path" ]; then die "$path is not a directory."; fi
find "$path" -xdev -depth -delete
`;
}
