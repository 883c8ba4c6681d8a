import type { Privilege } from '../core/command-run.ts';
import type { State } from '../core/state.ts';
import { quote } from '../shell/quote.ts';
import { DESCRIBE_SUBJECTS, type Described, LIST_HEALTH, LIST_PACKAGES } from './describe-subject.ts';
import { KEPT_DAYS, undoFolder } from './undo-folder.ts';

/** Something that a step says it may change. */
export interface KeptSubject {
  readonly of: Described;
  readonly name: string;
}

/** What is kept before a step, or compared after it. */
export interface KeepWish {
  /** `RUN/STEP`. */
  readonly kept: string;
  readonly privilege: Privilege;
  readonly subjects: readonly KeptSubject[];
  /** True: the list of packages as well. */
  readonly packages: boolean;
}

const MOST_SUBJECTS = 100;

/** All that a step declares, each once: of typed states by what they are, of commands by their effects. */
export function keptBy(states: readonly State[]): Pick<KeepWish, 'subjects' | 'packages'> {
  const found = states.flatMap(subjectsOf);
  const known = new Map(found.map(subject => [`${subject.of} ${subject.name}`, subject]));
  return {
    subjects: [...known.values()].slice(0, MOST_SUBJECTS),
    packages: states.some(
      state =>
        state.kind === 'package' ||
        (state.kind === 'restored' && state.of === 'packages') ||
        (state.kind === 'command' && state.effects.some(effect => effect.startsWith('package:'))),
    ),
  };
}

function subjectsOf(state: State): readonly KeptSubject[] {
  switch (state.kind) {
    case 'package':
      return [];
    case 'service':
      return [{ of: 'unit', name: state.name }];
    case 'file':
    case 'line':
    case 'link':
      return [{ of: 'path', name: state.path }];
    case 'directory':
      return [{ of: state.ensure === 'absent' ? 'tree' : 'path', name: state.path }];
    case 'user':
    case 'group':
      return [{ of: state.kind, name: state.name }];
    case 'restored':
      return state.of === 'packages' ? [] : [{ of: state.of, name: state.name }];
    case 'command':
      return state.effects.flatMap(subjectOfEffect);
  }
}

const PREFIXES: readonly (readonly [string, Described])[] = [
  ['service:', 'unit'],
  ['user:', 'user'],
  ['group:', 'group'],
];
const SAFE_NAME = /^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]*$/;

/** A declared effect in the words of `command.ts`; free words are none. */
function subjectOfEffect(effect: string): readonly KeptSubject[] {
  if (effect.startsWith('/') && !effect.includes('*') && !effect.split('/').includes('..'))
    return [{ of: 'tree', name: effect.length > 1 ? effect.replace(/\/+$/, '') : effect }];
  return PREFIXES.flatMap(([prefix, of]) => {
    const name = effect.slice(prefix.length).trim();
    return effect.startsWith(prefix) && SAFE_NAME.test(name) ? [{ of, name }] : [];
  });
}

const HEAD = `export LC_ALL=C.UTF-8
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
umask 077
`;

/**
 * Keeps copies of what a step may change, once: asked again it tells what it told the first time, whatever the step
 * has done since. Prints lines behind the marker: `SUBJECT NUMBER kept|no WHAT`, `health …`.
 */
export function keepScript(wish: KeepWish, marker: string): string {
  const { kept, privilege, subjects, packages } = wish;
  return `${HEAD}${undoFolder(privilege)}
dir=$undo/${kept}
${DESCRIBE_SUBJECTS}${LIST_HEALTH}${packages ? LIST_PACKAGES : ''}
keep() {
  what=$("is_$2" "$3")
  how=kept
  case $what in
  'large '* | 'special '*) how=no ;;
  'file '* | 'link '* | 'tree '*) cp -a -- "$3" "$new/$1" 2>/dev/null || how=no ;;
  absent*) ;;
  *)
    if [ "$2" = user ]; then
      home=$(getent passwd -- "$3" | cut -d: -f6)
      if [ -f "$home/.ssh/authorized_keys" ]; then cat "$home/.ssh/authorized_keys" >"$new/$1.keys" || how=no; fi
      getent shadow -- "$3" >"$new/$1.shadow" 2>/dev/null || :
    fi ;;
  esac
  printf 'SUBJECT %s %s %s\\n' "$1" "$how" "$(printf '%s' "$what" | tr '\\n' ' ')"
}
if [ ! -f "$dir/index" ]; then
  mkdir -p "$undo" && chmod 700 "$undo" || exit 71
  find "$undo" -mindepth 1 -maxdepth 1 -type d -mtime +${KEPT_DAYS} -exec rm -rf -- {} + 2>/dev/null
  mkdir -p "\${dir%/*}" && new=$(mktemp -d "$dir.XXXXXX") || exit 71
  {
    ${subjects.map(({ of, name }, number) => `keep ${number} ${of} ${quote(name)}`).join('\n    ') || ':'}
    list_health | sed 's/^/health /'
  } >"$new/index" || exit 71
  ${packages ? 'list_packages >"$new/packages" || exit 71' : ':'}
  sync "$new/index" 2>/dev/null
  mv -T -- "$new" "$dir" 2>/dev/null || rm -rf -- "$new"
fi
echo
sed ${quote(`s/^/${marker} /`)} "$dir/index"
echo ${quote(`${marker} end`)}
`;
}

/** What the same things are now: `SUBJECT NUMBER - WHAT`, `health …`, and `package NAME WAS LEFT` for each that differs. */
export function seeScript({ kept, privilege, subjects, packages }: KeepWish, marker: string): string {
  const compare = `list_packages | awk '
    NR == FNR { was[$1] = $2; next } { is[$1] = $2 }
    END {
      for (name in is) {
        if (!(name in was)) print "package", name, "absent", is[name]
        else if (is[name] != was[name]) print "package", name, was[name], is[name]
      }
      for (name in was) if (!(name in is)) print "package", name, was[name], "absent"
    }' "$undo/${kept}/packages" - | sort`;
  return `${HEAD}${undoFolder(privilege)}
${DESCRIBE_SUBJECTS}${LIST_HEALTH}${packages ? LIST_PACKAGES : ''}
see() { printf 'SUBJECT %s - %s\\n' "$1" "$("is_$2" "$3" | tr '\\n' ' ')"; }
echo
{
  ${subjects.map(({ of, name }, number) => `see ${number} ${of} ${quote(name)}`).join('\n  ') || ':'}
  ${packages ? compare : ':'}
  list_health | sed 's/^/health /'
} | sed ${quote(`s/^/${marker} /`)}
echo ${quote(`${marker} end`)}
`;
}
