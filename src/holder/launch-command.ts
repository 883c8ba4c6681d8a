import { HOLDER_HASH, HOLDER_SCRIPT } from './holder-script.ts';

/** How the account gets the privilege that a run asks for. */
export type PrivilegeRoute =
  | { readonly kind: 'plain' }
  | { readonly kind: 'sudo' }
  | { readonly kind: 'sudo-password'; readonly password: string };

/** What goes to the server: the command (in argv for all to see) and the bytes for its stdin. */
export interface Launch {
  readonly command: string;
  readonly stdin: Uint8Array;
}

// One line each, and without single quote or exclamation mark: the login shell may be csh or fish.
const FIND_HOLDER = `d=\${XDG_STATE_HOME:-$HOME/.local/state}/deckhand; f=$d/holder-${HOLDER_HASH}.sh;`;
const RUN_HOLDER = 'LC_ALL=C; export LC_ALL; if [ -r "$f" ]; then . "$f"; else printf "%s\\nn\\n" "$1"; fi';
// dash's own printf says only "I/O error"; the one byte written by cat says why: no room, read-only.
const INSTALL_HOLDER = [
  'LC_ALL=C; export LC_ALL; mkdir -p "${d%/*}" && { [ -d "$d" ] || mkdir -m 700 "$d" || [ -d "$d" ]; };',
  'o=; while IFS= read -r l; do if [ "$l" = "$1" ]; then o=1; break; fi; printf "%s\\n" "$l" || break; done >"$f.$$";',
  '[ -n "$o" ] && mv -f "$f.$$" "$f" && { . "$f"; exit; }; printf x | cat >"$f.$$"; rm -f "$f.$$"; printf "%s\\nf install\\n" "$1"',
].join(' ');
const ENVIRONMENT = [
  'case ":$PATH:" in *:/usr/sbin:*) ;; *) PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin;; esac;',
  'LC_ALL=C; for l in /usr/lib/locale/C.utf8 /usr/lib/locale/C.UTF-8 /lib/ld-musl-*.so.1; do [ -e "$l" ] && LC_ALL=C.UTF-8; done;',
  'export PATH LC_ALL; cd 2>/dev/null || cd /;',
].join(' ');
// Nothing runs from half a script: it must end in the marker.
const DIRECT = [
  'printf "%s\\n" "$1"; printf "%s\\n" "$1" >&2; deckhand_script=$(cat);',
  'case $deckhand_script in *"$1") deckhand_script=${deckhand_script%"$1"};; *) exit 125;; esac;',
  `${ENVIRONMENT} unset l; set --; eval "$deckhand_script" </dev/null`,
].join(' ');
const DIRECT_WITH_INPUT = [
  'printf "%s\\n" "$1"; printf "%s\\n" "$1" >&2;',
  'deckhand_script=$(while IFS= read -r l; do if [ "$l" = "$1" ]; then printf "%s" "$l"; break; fi; printf "%s\\n" "$l"; done);',
  'case $deckhand_script in *"$1") deckhand_script=${deckhand_script%"$1"};; *) exit 125;; esac;',
  `${ENVIRONMENT} unset l; set --; eval "$deckhand_script"`,
].join(' ');
/** Reading by lines saves a process (about 1 ms); reading whole saves a system call per byte. Characters. */
const LINES_LIMIT = 4096;
// A sudo that needed no password leaves it on stdin: everything up to the marker is dropped unread.
const DROP_TO_MARKER = 'while IFS= read -r l; do [ "$l" = "$1" ] && break; done;';

/** Starts the installed holder with arguments; `install` also brings the script. */
export function launchHolder(
  route: PrivilegeRoute,
  marker: string,
  parts: readonly string[],
  payload: Uint8Array,
  install: boolean,
): Launch {
  // Under sudo the state directory is root's own, whatever the login account exports.
  const unset = route.kind === 'plain' ? '' : 'unset XDG_STATE_HOME; ';
  const fragment = `${unset}${FIND_HOLDER} ${install ? INSTALL_HOLDER : RUN_HOLDER}`;
  const script = install ? Buffer.from(`${HOLDER_SCRIPT}${marker}\n`) : Buffer.alloc(0);
  return wrap(route, fragment, [marker, ...parts], Buffer.concat([script, payload]));
}

/** Runs a script straight on the channel; both output streams begin with the marker line. */
export function launchDirect(
  route: PrivilegeRoute,
  marker: string,
  script: string,
  input: Uint8Array | undefined,
): Launch {
  const fragment = input === undefined ? DIRECT : DIRECT_WITH_INPUT;
  return wrap(route, fragment, [marker], scriptPayload(script, marker, input));
}

/** Script, marker line, input: the form both ways of running read from stdin. */
export function scriptPayload(script: string, marker: string, input: Uint8Array | undefined): Uint8Array {
  const head = Buffer.from(`${script}\n${marker}\n`);
  return input === undefined ? head : Buffer.concat([head, input]);
}

/** How the script is read: a short one, or one with input after it, line by line; a long one whole. */
export function howToRead(script: string, input: Uint8Array | undefined): 'lines' | 'whole' {
  return input !== undefined || script.length <= LINES_LIMIT ? 'lines' : 'whole';
}

/** The command line that becomes root (or stays who it is) and runs a one-line sh fragment. */
export function wrap(
  route: PrivilegeRoute,
  fragment: string,
  words: readonly string[],
  stdin: Uint8Array,
): Launch {
  const tail = `deckhand ${words.join(' ')}`;
  if (route.kind === 'plain') return { command: `exec sh -c '${fragment}' ${tail}`, stdin };
  if (route.kind === 'sudo') {
    return { command: `exec env LC_ALL=C sudo -n -H -- sh -c '${fragment}' ${tail}`, stdin };
  }
  return {
    command: `exec env LC_ALL=C sudo -k -S -p '' -H -- sh -c '${DROP_TO_MARKER} ${fragment}' ${tail}`,
    stdin: Buffer.concat([Buffer.from(`${route.password}\n${words[0]}\n`), stdin]),
  };
}
