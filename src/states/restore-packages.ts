import type { PackageChange, StateOf } from '../core/state.ts';
import { quote, quoteAll } from '../shell/quote.ts';
import { APPLY_PRELUDE } from './apply-prelude.ts';

/** Seconds to wait for another apt or dpkg. */
const LOCK_TIMEOUT = 120;

/**
 * Packages that came are purged, when nothing else would go with them; those that went or changed are installed in
 * the version they had, when there is still a source of it.
 */
export function restorePackages({ packages, anyway }: StateOf<'restored'>): string {
  const names = (wanted: (one: PackageChange) => boolean): readonly string[] =>
    packages.filter(wanted).map(({ name }) => name);
  const came = names(({ was }) => was === 'absent');
  const configured = names(({ was }) => was === 'config-files');
  const wanted = packages
    .filter(({ was }) => was !== 'absent' && was !== 'config-files')
    .map(({ name, was }) => `${name}=${was}`);
  return `${APPLY_PRELUDE}export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=l
is() {
  set -- $(dpkg-query -W -f '\${db:Status-Status} \${Version}' -- "$1" 2>/dev/null)
  case \${1:-not-installed} in installed) echo "$2" ;; not-installed) echo absent ;; *) echo "$1" ;; esac
}
${
  anyway
    ? ''
    : `unchanged() {
  case $(is "$1") in
  "$2" | "$3") ;;
  *) die "package $1 was changed since the run (it is: $(is "$1")); all of them are left as they are." ;;
  esac
}
${packages.map(({ name, was, left }) => `unchanged ${quote(name)} ${quote(was)} ${quote(left)}`).join('\n')}
`
}apt() { apt-get -y -q -o DPkg::Lock::Timeout=${LOCK_TIMEOUT} -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"; }
${removal('purge', came)}${removal('remove', configured)}${
  wanted.length === 0
    ? ''
    : `apt install --no-remove --no-install-recommends --allow-downgrades -- ${quoteAll(wanted)}\n`
}`;
}

function removal(verb: 'purge' | 'remove', names: readonly string[]): string {
  if (names.length === 0) return '';
  return `set --
for name in ${quoteAll(names)}; do
  case $(is "$name") in absent${verb === 'remove' ? ' | config-files' : ''}) ;; *) set -- "$@" "$name" ;; esac
done
if [ $# -gt 0 ]; then
  others=$(apt-get -s -q ${verb} -- "$@" | awk -v names=" $* " '$1 == "Remv" || $1 == "Purg" {
    name = $2; sub(/:.*/, "", name)
    if (!index(names, " " $2 " ") && !index(names, " " name " ") && !index(names, " " name ":")) printf " %s", $2
  }')
  if [ -n "$others" ]; then die "Taking them back would also remove:$others"; fi
  apt ${verb} -- "$@"
fi
`;
}
