import type { StateOf } from '../core/state.ts';
import { quote, quoteAll } from '../shell/quote.ts';
import { APPLY_PRELUDE } from './apply-prelude.ts';
import { type Facts, factOf, observe, type StateKind, undecided } from './state-kind.ts';

type Package = StateOf<'package'>;

/** Seconds to wait for another apt or dpkg. */
const LOCK_TIMEOUT = 120;

/** Debian packages. Lists are never updated here: that is a correction of its own. */
export const packageKind: StateKind<Package> = {
  describe: state => `package ${state.name}${state.ensure === 'absent' ? ' absent' : ''}`,
  check: state => checkPackages([state]),
  checkAll: checkPackages,
  judge: judgePackage,
  apply: state => (state.ensure === 'present' ? installScript(state.name) : removeScript(state.name)),
  effects: state => [
    {
      kind: 'package',
      subject: state.name,
      risk: state.ensure === 'present' ? 'privileged' : 'destructive',
    },
  ],
  privilege: () => 'root',
};

function checkPackages(states: readonly Package[]): string {
  const names = quoteAll([...new Set(states.map(state => state.name))]);
  // dpkg-query fails when one name is unknown; the others are still printed.
  return `if command -v dpkg-query >/dev/null; then
  dpkg-query -W -f "$M $I dpkg = \\\${Package} \\\${Architecture} \\\${db:Status-Status} \\\${Version}\\n" -- ${names} 2>/dev/null || :
  fact asked yes
else fact error 'no dpkg'; fi`;
}

function judgePackage(state: Package, facts: Facts) {
  const error = factOf(facts, 'error');
  if (error !== undefined) return undecided(error);
  if (factOf(facts, 'asked') === undefined) return undecided('dpkg-query did not answer.');
  const [name = '', architecture] = state.name.split(':');
  const rows = (facts.get('dpkg') ?? [])
    .map(row => row.split(' '))
    .filter(
      row => row[0] === name && (architecture === undefined || row[1] === architecture || row[1] === 'all'),
    );
  const known = rows.find(row => row[2] === 'installed') ?? rows[0];
  const before = known === undefined ? 'not-installed' : (known[2] ?? 'not-installed');
  const detail = before === 'installed' ? `${state.name} ${known?.[3] ?? ''}` : '';
  if (state.ensure === 'present') {
    return observe(before === 'installed' ? [] : [{ field: 'package', before, after: 'installed' }], detail);
  }
  const gone = before === 'not-installed' || before === 'config-files';
  return observe(gone ? [] : [{ field: 'package', before, after: 'not-installed' }], detail);
}

const APT_HEAD = `${APPLY_PRELUDE}export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=l
command -v apt-get >/dev/null || die 'no apt-get'
state() { dpkg-query -W -f '[\${db:Status-Status}]' -- "$1" 2>/dev/null || :; }
`;

// A package is declared as the only effect, so what would remove others stops with apt's own message.
function installScript(name: string): string {
  return `${APT_HEAD}case $(state ${quote(name)}) in *'[installed]'*) exit 0 ;; esac
apt-get install -y -q --no-remove --no-install-recommends \\
  -o DPkg::Lock::Timeout=${LOCK_TIMEOUT} -o Dpkg::Use-Pty=0 \\
  -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -- ${quote(name)}
`;
}

function removeScript(name: string): string {
  return `${APT_HEAD}case $(state ${quote(name)}) in *'[installed]'* | *'[half-'* | *'[unpacked]'* | *'[triggers-'*) ;; *) exit 0 ;; esac
plan=$(apt-get remove -s -q -- ${quote(name)})
others=$(printf '%s\\n' "$plan" | awk -v name=${quote(name.split(':')[0] ?? name)} '$1 == "Remv" && $2 != name { printf " %s", $2 }')
if [ -n "$others" ]; then die "Removing ${name} would also remove:$others"; fi
apt-get remove -y -q -o DPkg::Lock::Timeout=${LOCK_TIMEOUT} -o Dpkg::Use-Pty=0 -- ${quote(name)}
`;
}
