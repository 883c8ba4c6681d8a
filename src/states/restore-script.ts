import type { StateOf } from '../core/state.ts';
import { quote, quoteAll } from '../shell/quote.ts';
import { APPLY_PRELUDE } from './apply-prelude.ts';
import { DESCRIBE_SUBJECTS } from './describe-subject.ts';
import { restorePackages } from './restore-packages.ts';
import { undoFolder } from './undo-folder.ts';

type Restored = StateOf<'restored'>;

/** Brings it back, when it is still as the run left it: what somebody else has changed since stays as it is. */
export function restoreScript(state: Restored): string {
  if (state.of === 'packages') return restorePackages(state);
  const { of, name, was, left, kept, privilege, anyway } = state;
  const guard = anyway
    ? ''
    : `if [ "$now" != ${quote(left)} ]; then die "${of} $name was changed since the run (it is: $now); it is left as it is."; fi\n`;
  return `${APPLY_PRELUDE}${undoFolder(privilege)}
kept=$undo/${kept}
name=${quote(name)}
was=${quote(was)}
${DESCRIBE_SUBJECTS}now=$(is_${of} "$name" | tr '\\n' ' ' | sed 's/ *$//')
if [ "$now" = "$was" ]; then exit 0; fi
${guard}${scriptOf(state)}`;
}

function scriptOf(state: Restored): string {
  switch (state.of) {
    case 'user':
      return state.was.startsWith('absent') ? REMOVE_USER : restoreUser(state);
    case 'group':
      return restoreGroup(state);
    default:
      return state.was.startsWith('absent') ? removePath(state) : restorePath(state);
  }
}

/** Folders that the step made on the way go too, while nothing else is in them. */
function removePath({ of, name, was }: Restored): string {
  const near = was.replace('absent, in ', '');
  const depth = name.split('/').filter(part => part !== '' && part !== '.').length;
  if (depth < 2) return `die "$name is at the top level and stays."\n`;
  const folder =
    of === 'tree'
      ? 'find "$name" -xdev -depth -delete'
      : `rmdir -- "$name" 2>/dev/null || die "$name has contents that were made since; it is left as it is."`;
  return `if [ -d "$name" ] && [ ! -L "$name" ]; then ${folder}
else rm -f -- "$name"; fi
folder=$(dirname -- "$name")
while [ "$folder" != ${quote(near)} ] && [ "$folder" != / ] && rmdir -- "$folder" 2>/dev/null; do
  folder=$(dirname -- "$folder")
done
case $name in /etc/systemd/*) systemctl daemon-reload || : ;; esac
`;
}

function restorePath({ was }: Restored): string {
  const directory = /^directory ([0-7]{3,4}) ([^\s:]+:[^\s:]+)$/.exec(was);
  if (directory) {
    const [, mode = '', owner = ''] = directory;
    return `mkdir -p -- "$name"
chown ${quote(owner)} "$name"
chmod ${mode.padStart(5, '0')} "$name"
`;
  }
  return `if [ ! -e "$kept" ] && [ ! -L "$kept" ]; then die "What was kept of $name is gone from the host."; fi
folder=$(dirname -- "$name")
[ -d "$folder" ] || die "$folder is missing."
aside=$(mktemp -d "$folder/.deckhand.XXXXXX")
trap 'rm -rf -- "$aside"' EXIT
cp -a -- "$kept" "$aside/new"
if [ -d "$name" ] && [ ! -L "$name" ]; then mv -T -- "$name" "$aside/old"; fi
mv -fT -- "$aside/new" "$name"
sync "$folder" 2>/dev/null || :
case $name in /etc/systemd/*) systemctl daemon-reload || : ;; esac
`;
}

/** A home goes only when nothing is in it but what its making put there. */
const REMOVE_USER = `entry=$(getent passwd -- "$name") || exit 0
home=$(printf '%s' "$entry" | cut -d: -f6)
if [ "$was" = 'absent, without a home' ] && [ "$home" = "/home/$name" ] && [ -d "$home" ] && [ ! -L "$home" ]; then
  others=$(cd -- "$home" && find . -type f ! -path ./.ssh/authorized_keys | while read -r file; do
    cmp -s -- "$file" "/etc/skel/$file" || echo "$file"
  done | head -n 3)
  if [ -n "$others" ]; then die "$home has files that were made since; the account is left as it is."; fi
  userdel -- "$name"
  find "$home" -xdev -depth -delete
else userdel -- "$name"; fi
`;

function restoreUser({ was }: Restored): string {
  const match = /^([^:]*):([^:]*):([^:]*):([^:]*):(\S*) groups (.*?) ?keys (\S+) password \S+$/.exec(was);
  if (!match) return `die "How the account $name was cannot be read."\n`;
  const [, , , , , shell = '', groups = '', keys = ''] = match;
  return `if ! getent passwd -- "$name" >/dev/null; then die "The account $name is gone; it is not made again."; fi
if [ "$(getent passwd -- "$name" | cut -d: -f7)" != ${quote(shell)} ]; then usermod -s ${quote(shell)} -- "$name"; fi
main=$(id -gn -- "$name")
others=
for group in ${quoteAll(groups.trim().split(' '))}; do
  if [ "$group" != "$main" ]; then others=\${others:+$others,}$group; fi
done
usermod -G "$others" -- "$name"
if [ -s "$kept.shadow" ] && [ "$(getent shadow -- "$name")" != "$(cat "$kept.shadow")" ]; then
  cut -d: -f1,2 "$kept.shadow" | chpasswd -e
  chage -d "$(cut -d: -f3 "$kept.shadow")" -- "$name"
fi
home=$(getent passwd -- "$name" | cut -d: -f6)
${keysScript(keys)}`;
}

/** Written as the account: its home is its own, and could lead anywhere. */
function keysScript(keys: string): string {
  const as = `runuser -u "$name" -- /bin/sh -c`;
  if (keys === 'none' || keys === 'folder') {
    const folder = keys === 'none' ? ' && { rmdir .ssh 2>/dev/null || :; }' : '';
    return `if [ -e "$home/.ssh/authorized_keys" ]; then ${as} ${quote(`cd -- "$1" && rm -f .ssh/authorized_keys${folder}`)} sh "$home"; fi
`;
  }
  return `if ! cmp -s "$kept.keys" "$home/.ssh/authorized_keys"; then
  ${as} ${quote('umask 077; cd -- "$1/.ssh" && cat >.deckhand.keys && mv -f .deckhand.keys authorized_keys')} sh "$home" <"$kept.keys"
fi
`;
}

function restoreGroup({ was }: Restored): string {
  if (was === 'absent') return `if getent group -- "$name" >/dev/null; then groupdel -- "$name"; fi\n`;
  const [number = '', members = ''] = was.split(':');
  return `if ! getent group -- "$name" >/dev/null; then groupadd -g ${quote(number)} -- "$name"; fi
gpasswd -M ${quote(members)} -- "$name" >/dev/null
`;
}
