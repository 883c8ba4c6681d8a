import type { PackageChange, StateOf } from '../core/state.ts';
import { quote, quoteAll } from '../shell/quote.ts';
import { DESCRIBE_SUBJECTS } from './describe-subject.ts';
import { restoreScript } from './restore-script.ts';
import { type DiffLine, type Facts, factOf, observe, type StateKind, undecided } from './state-kind.ts';

type Restored = StateOf<'restored'>;

/** Something as it was before a step of a run: bytes from the host's own copy, seen to be equal by hash. */
export const restoredKind: StateKind<Restored> = {
  describe: state => `${wordsOf(state)} as before ${state.kept.split('/').slice(0, 2).join(', step ')}`,
  check: state =>
    state.of === 'packages'
      ? `fact packages "$(dpkg-query -W -f '\${binary:Package} \${db:Status-Status} \${Version}\\n' -- ${quoteAll(state.packages.map(({ name }) => name))} 2>/dev/null)
."`
      : `${DESCRIBE_SUBJECTS}fact is "$(is_${state.of} ${quote(state.name)} | tr '\\n' ' ')"`,
  judge: judgeRestored,
  apply: restoreScript,
  effects: state => [
    {
      kind: state.of === 'packages' ? 'package' : state.of === 'tree' ? 'path' : state.of,
      subject: state.name,
      risk: goes(state) ? 'destructive' : 'privileged',
    },
  ],
  privilege: state => state.privilege,
};

/** True: something that is there now will not be. */
function goes({ was, packages }: Restored): boolean {
  return was.startsWith('absent') || packages.some(one => one.was === 'absent');
}

function wordsOf({ of, name, packages }: Restored): string {
  if (of !== 'packages') return `${of === 'tree' ? 'folder or file' : of} ${name}`;
  return packages.length === 1 ? `package ${name}` : `${packages.length} packages`;
}

function judgeRestored(state: Restored, facts: Facts) {
  if (state.of === 'packages') return judgePackages(state, factOf(facts, 'packages'));
  const now = factOf(facts, 'is')?.trim();
  if (now === undefined || now === '') return undecided(`${state.name} could not be looked at.`);
  if (isAsBefore(now, state.was)) return observe([], now);
  const foreign = now !== state.left && !state.anyway ? [changedSince(state.name)] : [];
  return observe([{ field: state.of, before: now, after: state.was }, ...foreign], now);
}

function changedSince(name: string): DiffLine {
  return { field: name, before: 'changed since the run by somebody else', after: 'left as it is' };
}

function judgePackages({ packages, anyway }: Restored, answer: string | undefined) {
  if (answer === undefined) return undecided('dpkg-query did not answer.');
  const rows = answer.split('\n').map(row => row.trim().split(' '));
  const is = new Map(
    rows.map(([name = '', status = '', version = '']) => [name, status === 'installed' ? version : status]),
  );
  const now = ({ name }: PackageChange): string => is.get(name)?.replace(/^not-installed$/, '') || 'absent';
  return observe(
    packages
      .filter(one => now(one) !== one.was)
      .flatMap(one => [
        { field: one.name, before: now(one), after: one.was },
        ...(now(one) === one.left || anyway ? [] : [changedSince(one.name)]),
      ]),
  );
}

/** Equal, or gone with no folder more left behind than there was. */
function isAsBefore(now: string, was: string): boolean {
  if (now === was) return true;
  const [before, after] = [was, now].map(text => /^absent, in (\/.*)$/.exec(text)?.[1]);
  if (before === undefined || after === undefined) return false;
  return after === '/' || before.startsWith(`${after}/`);
}
