import type { StateOf } from '../core/state.ts';
import { quote } from '../shell/quote.ts';
import { APPLY_PRELUDE, MAKE_TEMP, openFolder } from './apply-prelude.ts';
import { parseStatus } from './file-status.ts';
import { type Facts, factOf, observe, type StateKind, undecided } from './state-kind.ts';

type Link = StateOf<'link'>;

/** Symbolic links. What is not a symbolic link is never replaced or removed. */
export const linkKind: StateKind<Link> = {
  describe: state => `link ${state.path}${state.ensure === 'absent' ? ' absent' : ` → ${state.target}`}`,
  check: state => `if look stat ${quote(state.path)}; then
  case $S in *' symbolic link') fact target "$(readlink ${quote(state.path)})" ;; esac
fi`,
  judge: judgeLink,
  apply: state => (state.ensure === 'absent' ? removeScript(state) : makeScript(state)),
  effects: state => [
    { kind: 'path', subject: state.path, risk: state.ensure === 'absent' ? 'destructive' : 'privileged' },
  ],
  privilege: () => 'root',
};

function judgeLink(state: Link, facts: Facts) {
  const line = factOf(facts, 'stat');
  const error = factOf(facts, 'error');
  if (line === undefined || error !== undefined) return undecided(error ?? 'stat did not answer.');
  const after = state.ensure === 'absent' ? 'absent' : `→ ${state.target}`;
  if (line === 'missing') {
    return observe(state.ensure === 'absent' ? [] : [{ field: 'link', before: 'absent', after }]);
  }
  const target = factOf(facts, 'target');
  if (target === undefined) {
    return observe([{ field: 'link', before: parseStatus(line)?.type ?? line, after }]);
  }
  if (state.ensure === 'present' && target === state.target) return observe([]);
  return observe([{ field: 'link', before: `→ ${target}`, after }]);
}

function makeScript(state: Link): string {
  return `${APPLY_PRELUDE}${openFolder(state.path)}target=${quote(state.target)}
if [ -L "$path" ] && [ "$(readlink "$path")" = "$target" ]; then exit 0; fi
if [ -e "$path" ] && [ ! -L "$path" ]; then die "$path exists and is not a symbolic link."; fi
${MAKE_TEMP}ln -sfn -- "$target" "$temp"
mv -fT -- "$temp" "$path"
`;
}

function removeScript(state: Link): string {
  return `${APPLY_PRELUDE}path=${quote(state.path)}
if [ -L "$path" ]; then rm -f -- "$path"; fi
if [ -e "$path" ]; then die "$path exists and is not a symbolic link."; fi
`;
}
