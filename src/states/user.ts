import type { StateOf } from '../core/state.ts';
import { quote, quoteAll } from '../shell/quote.ts';
import { APPLY_PRELUDE } from './apply-prelude.ts';
import { parseStatus } from './file-status.ts';
import {
  type DiffLine,
  difference,
  type Facts,
  factOf,
  observe,
  type StateKind,
  undecided,
} from './state-kind.ts';

type User = StateOf<'user'>;

/** Accounts: shell, further groups and keys. Other groups and keys stay as they are. */
export const userKind: StateKind<User> = {
  describe: state => `user ${state.name}`,
  check: checkUser,
  judge: judgeUser,
  apply: applyScript,
  effects: state => [{ kind: 'user', subject: state.name, risk: 'privileged' }],
  privilege: () => 'root',
};

function checkUser(state: User): string {
  const keys = `h=\${u%:*}; h=\${h##*:}
  if look folder "$h/.ssh" && look keyfile "$h/.ssh/authorized_keys"; then
    if [ -r "$h/.ssh/authorized_keys" ]; then bytes keys <"$h/.ssh/authorized_keys"
    else fact error "$h/.ssh/authorized_keys cannot be read"; fi
  fi`;
  return `u=$(lookup passwd ${quote(state.name)})
fact passwd "$u"
if [ -n "$u" ]; then
  fact groups "$(id -Gn -- ${quote(state.name)})"
  ${state.authorizedKeys.length > 0 ? keys : ''}
fi`;
}

function judgeUser(state: User, facts: Facts) {
  const error = factOf(facts, 'error');
  const entry = factOf(facts, 'passwd');
  if (error !== undefined || entry === undefined)
    return undecided(error ?? 'The user could not be looked up.');
  if (!entry.startsWith(`${state.name}:`)) {
    return observe([{ field: 'user', before: 'absent', after: wantedText(state) }]);
  }
  const groups = (factOf(facts, 'groups') ?? '').split(' ');
  const lacking = state.groups.filter(group => !groups.includes(group));
  return observe(
    [
      ...difference('shell', entry.split(':')[6] ?? '', state.shell),
      ...(lacking.length > 0
        ? [{ field: 'groups', before: groups.join(' '), after: [...groups, ...lacking].join(' ') }]
        : []),
      ...compareKeys(state, facts),
    ],
    entry.replace(/^([^:]*):[^:]*:/, '$1:x:'),
  );
}

function wantedText(state: User): string {
  const groups = state.groups.length > 0 ? `, groups ${state.groups.join(' ')}` : '';
  const keys = state.authorizedKeys.length > 0 ? `, ${state.authorizedKeys.length} keys` : '';
  return `present, shell ${state.shell}${groups}${keys}`;
}

function compareKeys(state: User, facts: Facts): readonly DiffLine[] {
  if (state.authorizedKeys.length === 0) return [];
  const lines = (factOf(facts, 'keys') ?? '').split('\n').filter(line => !/^\s*#/.test(line));
  const present = lines.map(line => ` ${line.split(/\s+/).join(' ')} `);
  const absent = state.authorizedKeys.filter(
    key => !present.some(line => line.includes(` ${identity(key)} `)),
  );
  const folder = parseStatus(factOf(facts, 'folder') ?? '');
  const file = parseStatus(factOf(facts, 'keyfile') ?? '');
  return [
    ...absent.map(key => ({ field: 'authorized_keys', before: 'absent', after: key })),
    ...(folder ? difference('.ssh', `${folder.owner} ${folder.mode}`, `${state.name} 700`) : []),
    ...(file ? difference('authorized_keys', `${file.owner} ${file.mode}`, `${state.name} 600`) : []),
  ];
}

/** Type and blob: what makes two key lines the same key, whatever the comment. */
function identity(key: string): string {
  return key.split(/\s+/).slice(0, 2).join(' ');
}

function applyScript(state: User): string {
  const name = quote(state.name);
  const groups = quote(state.groups.join(','));
  return `${APPLY_PRELUDE}if ! getent passwd ${name} >/dev/null; then
  if getent group ${name} >/dev/null; then set -- -g ${name}; else set --; fi
  useradd ${state.system ? '-r' : '-m'} -s ${quote(state.shell)} "$@" -- ${name}
elif [ "$(getent passwd ${name} | cut -d: -f7)" != ${quote(state.shell)} ]; then
  usermod -s ${quote(state.shell)} -- ${name}
fi
${state.groups.length === 0 ? '' : groupLines(name, groups, state.groups)}${keyLines(state)}`;
}

function groupLines(name: string, joined: string, groups: readonly string[]): string {
  return `has=" $(id -Gn -- ${name}) "
for group in ${quoteAll(groups)}; do
  case $has in *" $group "*) ;; *) usermod -a -G ${joined} -- ${name}; break ;; esac
done
`;
}

/**
 * Keys are written as the user, never as root: the home belongs to the user, who could point
 * `.ssh` or `authorized_keys` anywhere.
 */
function keyLines(state: User): string {
  if (state.authorizedKeys.length === 0) return '';
  const name = quote(state.name);
  return `home=$(getent passwd ${name} | cut -d: -f6)
if [ ! -d "$home" ]; then die ${quote(`The home directory of ${state.name} is missing.`)}; fi
if [ -d "$home/.ssh" ] && [ ! -L "$home/.ssh" ]; then chown -h ${name} "$home/.ssh"; fi
runuser -u ${name} -- /bin/sh -c ${quote(keyScript(state))} sh "$home"
`;
}

/** Runs as the user, with the home as its only argument. */
function keyScript(state: User): string {
  const keys = state.authorizedKeys.map(key => ({ key: quote(key), identity: quote(identity(key)) }));
  const searches = keys.map(key => `has authorized_keys ${key.identity} || lacking=yes`);
  const additions = keys.map(key => `has "$temp" ${key.identity} || printf '%s\\n' ${key.key} >>"$temp"`);
  return `set -eu
umask 077
cd -- "$1"
mkdir -p .ssh
if [ "$(stat -c %a .ssh)" != 700 ]; then chmod 700 .ssh; fi
cd .ssh
has() { grep -v '^[[:space:]]*#' "$1" | tr -s '\\t ' '  ' | grep -qF -e "$2"; }
if [ -f authorized_keys ] && [ "$(stat -c '%a %U' authorized_keys)" = ${quote(`600 ${state.name}`)} ]; then
  lacking=
  ${searches.join('\n  ')}
  if [ -z "$lacking" ]; then exit 0; fi
fi
temp=$(mktemp .deckhand.XXXXXX)
trap 'rm -f -- "$temp"' EXIT
if [ -e authorized_keys ]; then cat authorized_keys >"$temp"; fi
if [ -n "$(tail -c 1 "$temp")" ]; then echo >>"$temp"; fi
${additions.join('\n')}
sync "$temp"
mv -f -- "$temp" authorized_keys
`;
}
