import type { RawPath } from '../../core/raw-path.ts';
import { PROBE_SCRIPT } from './capabilities.ts';
import { quoteRaw } from './run-script.ts';

export interface ListRequest {
  /** As in `hostPath`. */
  readonly root: RawPath;
  /** Listed where nothing is at the root. */
  readonly instead?: RawPath;
  /** How far below the root: only the root itself, what is in it, or everything. */
  readonly depth: 0 | 1 | 'all';
  /** Links count as what they point to. */
  readonly follow: boolean;
  /** Names of owners, not only their numbers. */
  readonly owners: boolean;
  /** `find`'s dialect where it is known already. */
  readonly list: 'gnu' | 'stat-c' | 'stat-f' | 'none' | undefined;
}

/** For each thing: numbers, then owner, group, path from the root and link, each ended by a zero byte. */
const GNU_FORMAT = String.raw`%y %s %T@ %m %U %G %n %D:%i %b\0%U\0%G\0%P\0%l\0`;
/** Names of owners cost six times the rest: `find` asks for each thing anew. */
const GNU_NAMED = GNU_FORMAT.replace('0%U', '0%u').replace('0%G', '0%g');

/** The numbers of many things, a line for each; modes in hexadecimal. */
const STAT_C = '%f %s %Y %u %g %h %d:%i %b %U %G';
const STAT_F = '%Xp %z %Fm %u %g %l %d:%i %b %Su %Sg';

/** Names, then their numbers, then what links say: everything ended by zero bytes, no name ever parsed. */
const BATCH = String.raw`printf "B %s\0" "$#"; printf "%s\0" "$@";
if [ -n "$Q" ]; then for f; do stat $Q "$F" "$W" "$f" 2>/dev/null || stat "$F" "$W" "$f"; done; else stat "$F" "$W" "$@"; fi;
printf "\0"; for f; do if [ -h "$f" ] && { [ -z "$Q" ] || ! [ -e "$f" ]; }; then readlink -n "$f"; printf "\0"; fi; done`;

/**
 * The whole listing in one script: what the host has (where that is not known), which root it is, all that is
 * under it, and a last word without which it is not whole.
 */
export function listScript({ root, instead, depth, follow, owners, list }: ListRequest): string {
  const most = depth === 'all' ? '' : `-maxdepth ${depth}`;
  const links = follow ? '-L' : '-H';
  const other =
    instead === undefined ? '' : `elif [ -d ${quoteRaw(instead)} ]; then r=${quoteRaw(instead)}; w=instead; `;
  return [
    list === undefined ? PROBE_SCRIPT : `l=${list};`,
    `r=${quoteRaw(root)}; if [ -e "$r" ] || [ -h "$r" ]; then w=root; ${other}else w=nothing; fi;`,
    String.raw`printf "%s\0" "$w" "$(pwd)"; if [ $w = nothing ]; then printf "end 0\0"; exit 0; fi;`,
    // a listing of the root itself, through a link if it is one; find would not look into it without -H
    `case $l in gnu) find ${links} "$r" ${most} -ignore_readdir_race -printf ${quoteRaw(owners ? GNU_NAMED : GNU_FORMAT)}; e=$?;;`,
    `stat-c) F=-c W=${quoteRaw(STAT_C)};; stat-f) F=-f W=${quoteRaw(STAT_F)};; *) exit 97;; esac;`,
    `if [ $l != gnu ]; then Q=${follow ? '-L' : ''}; export F W Q; find ${links} "$r" ${most} -exec sh -c ${quoteRaw(BATCH)} sh {} +; e=$?; fi;`,
    String.raw`printf "end %s\0" "$e"`,
  ].join('\n');
}

/** A path as scripts take it: absolute, or `.` and below for one that begins at the home. No slash at its end. */
export function hostPath(path: RawPath): RawPath {
  const bare = path.length > 1 ? path.replace(/\/+$/, '') : path;
  if (bare === '') return '/';
  if (bare.startsWith('/')) return bare;
  if (bare === '~') return '.';
  const relative = bare.startsWith('~/') ? bare.slice(2).replace(/^\/+/, '') : bare;
  return relative === '.' || relative.startsWith('./') ? relative : `./${relative}`;
}

/** The same from the file system's root, for scripts that stand elsewhere. */
export function absolutePath(path: RawPath, home: RawPath): RawPath {
  if (path.startsWith('/')) return path;
  return path === '.' ? home : `${home === '/' ? '' : home}/${path.slice(2)}`;
}
