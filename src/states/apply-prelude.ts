import { posix } from 'node:path';
import { quote } from '../shell/quote.ts';

/** Head of every apply script: stops at the first error, says errors in English, finds sbin. */
export const APPLY_PRELUDE = `set -eu
export LC_ALL=C.UTF-8
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
umask 022
die() {
  printf '%s\\n' "$1" >&2
  exit 1
}
`;

/** Script lines that set `path` and `folder`; the folder must exist. */
export function openFolder(path: string): string {
  return `path=${quote(path)}
folder=${quote(posix.dirname(path))}
if [ ! -d "$folder" ]; then die "Directory $folder is missing."; fi
`;
}

/** As `openFolder`, and refuses what a file must not replace. */
export function openFile(path: string): string {
  return `${openFolder(path)}if [ -L "$path" ]; then die "$path is a symbolic link; name the file it points to."; fi
if [ -e "$path" ] && [ ! -f "$path" ]; then die "$path exists and is not a regular file."; fi
`;
}

/** Script lines that make `$temp` in the same directory, private, removed when the script ends early. */
export const MAKE_TEMP = `temp=$(mktemp "$folder/.deckhand.XXXXXX")
trap 'rm -f -- "$temp"' EXIT
trap 'exit 1' HUP INT TERM
`;

/** Script lines that put `$temp` in place of `$path`, whole or not at all, also across a power cut. */
export const MOVE_TEMP = `sync "$temp"
mv -f -- "$temp" "$path"
sync "$folder"
`;

/** `0644` as `stat -c %a` prints it: `644`. */
export function plainMode(mode: string): string {
  return Number.parseInt(mode, 8).toString(8);
}
