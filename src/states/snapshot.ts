import type { Check } from '../core/plan.ts';
import type { SnapshotDifference } from '../core/run-report.ts';
import type { State, StateOf } from '../core/state.ts';
import { oneLine } from '../core/untrusted.ts';
import { quote } from '../shell/quote.ts';

/** What a plan declares: a path, a package, a unit, an account, a group. */
export interface Subject {
  readonly kind: 'path' | 'package' | 'service' | 'user' | 'group';
  readonly name: string;
}

/** Subjects that are looked at, so that the answer fits into what is kept of a check; characters kept of each. */
const MOST_SUBJECTS = 24;
const LONGEST = 300;

/** Everything that typed states are about, each once. */
export function subjectsOf(states: readonly State[]): readonly Subject[] {
  const found = states.flatMap((state): readonly Subject[] => {
    if (state.kind === 'command') return [];
    if (state.kind === 'restored') return restoredSubjects(state);
    if ('path' in state) return [{ kind: 'path', name: state.path }];
    return [{ kind: state.kind, name: state.name }];
  });
  const known = new Map(found.map(subject => [`${subject.kind} ${subject.name}`, subject]));
  return [...known.values()].slice(0, MOST_SUBJECTS);
}

function restoredSubjects({ of, name, packages }: StateOf<'restored'>): readonly Subject[] {
  if (of === 'packages') return packages.map(one => ({ kind: 'package', name: one.name }));
  return [{ kind: of === 'tree' ? 'path' : of, name }];
}

/** POSIX sh that prints one line on each subject: `NUMBER TAB WHAT IT IS`. */
const DESCRIBE: Readonly<Record<Subject['kind'], string>> = {
  path: `if [ -L "$1" ]; then echo "link to $(readlink -- "$1")"
elif [ -f "$1" ]; then
  sum=unreadable
  if [ "$(stat -c %s -- "$1")" -le 16777216 ] && [ -r "$1" ]; then sum=$(sha256sum <"$1" | cut -d' ' -f1); fi
  echo "file $(stat -c '%a %U:%G %s bytes' -- "$1") sha256 $sum"
elif [ -e "$1" ]; then stat -c '%F %a %U:%G' -- "$1"
else echo absent; fi`,
  package: `dpkg-query -W -f='\${db:Status-Status} \${Version}\\n' -- "$1" 2>/dev/null || echo absent`,
  service: `systemctl show -p LoadState -p ActiveState -p SubState -p UnitFileState -- "$1" 2>/dev/null | tr '\\n' ' '; echo`,
  user: `getent passwd -- "$1" | cut -d: -f3- | tr '\\n' ' '; id -Gn -- "$1" 2>/dev/null || echo absent`,
  group: `getent group -- "$1" || echo absent`,
};

/** One question that prints what every subject is now; it changes nothing. */
export function snapshotCheck(subjects: readonly Subject[], privilege: Check['privilege']): Check {
  const kinds = [...new Set(subjects.map(({ kind }) => kind))];
  const lines = [
    ...kinds.map(kind => `of_${kind}() {\n${DESCRIBE[kind]}\n}`),
    ...subjects.map(({ kind, name }, index) => `printf '${index}\\t%s\\n' "$(of_${kind} ${quote(name)})"`),
    'exit 0',
  ];
  return { title: 'what the plan declares, as it is', script: lines.join('\n'), privilege, within: 0 };
}

/** What is different between two answers, subject by subject; what was not told in both is left out. Pure. */
export function compareSnapshots(
  subjects: readonly Subject[],
  before: string,
  after: string,
): readonly SnapshotDifference[] {
  const [was, is] = [readSnapshot(before), readSnapshot(after)];
  return subjects.flatMap(({ kind, name }, index) => {
    const [one, other] = [was.get(index), is.get(index)];
    if (one === undefined || other === undefined || one === other) return [];
    return [{ subject: `${kind} ${name}`, before: one, after: other }];
  });
}

function readSnapshot(text: string): ReadonlyMap<number, string> {
  const lines = [...text.matchAll(/^(\d+)\t(.*)$/gm)];
  return new Map(lines.map(([, number, value = '']) => [Number(number), oneLine(value).slice(0, LONGEST)]));
}
