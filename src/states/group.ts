import type { StateOf } from '../core/state.ts';
import { quote } from '../shell/quote.ts';
import { APPLY_PRELUDE } from './apply-prelude.ts';
import { type Facts, factOf, observe, type StateKind, undecided } from './state-kind.ts';

type Group = StateOf<'group'>;

/** Groups of accounts. */
export const groupKind: StateKind<Group> = {
  describe: state => `group ${state.name}${state.ensure === 'absent' ? ' absent' : ''}`,
  check: state => `fact group "$(lookup group ${quote(state.name)})"`,
  judge: judgeGroup,
  apply: applyScript,
  effects: state => [
    { kind: 'group', subject: state.name, risk: state.ensure === 'absent' ? 'destructive' : 'privileged' },
  ],
  privilege: () => 'root',
};

function judgeGroup(state: Group, facts: Facts) {
  const line = factOf(facts, 'group');
  if (line === undefined) return undecided('The group could not be looked up.');
  const before = line.startsWith(`${state.name}:`) ? 'present' : 'absent';
  return observe(before === state.ensure ? [] : [{ field: 'group', before, after: state.ensure }], line);
}

function applyScript(state: Group): string {
  const name = quote(state.name);
  return state.ensure === 'present'
    ? `${APPLY_PRELUDE}if getent group ${name} >/dev/null; then exit 0; fi\ngroupadd -- ${name}\n`
    : `${APPLY_PRELUDE}if ! getent group ${name} >/dev/null; then exit 0; fi\ngroupdel -- ${name}\n`;
}
