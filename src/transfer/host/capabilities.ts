import type { SshConnection } from '../../ssh/connection.ts';

/** What a host has for moving files; asked once for each connection, within the first listing. */
export interface Capabilities {
  /** `gnu`: one `find` prints everything; else `stat` is asked as well, in its own dialect. */
  readonly list: 'gnu' | 'stat-c' | 'stat-f' | 'none';
  readonly tar: 'gnu' | 'bsd' | 'busybox' | 'none';
  /** The command that prints `HASH  NAME` for each file; `` = none. */
  readonly hash: string;
  readonly uid: number;
  readonly umask: number;
  /** `uname -s`. */
  readonly system: string;
  /** `sync -f` brings one file system to the disk. */
  readonly syncs: boolean;
  /** There is a python3: it compares blocks of large files. */
  readonly python: boolean;
}

const known = new WeakMap<SshConnection, Capabilities>();

export function knownCapabilities(connection: SshConnection): Capabilities | undefined {
  return known.get(connection);
}
export function rememberCapabilities(connection: SshConnection, found: Capabilities): void {
  known.set(connection, found);
}

/** Prints eight fields, each ended by a zero byte. */
export const PROBE_SCRIPT = [
  'if find -H / -maxdepth 0 -ignore_readdir_race -printf "%y%s%T@%D%b%P" >/dev/null 2>&1; then l=gnu;',
  'elif stat -c "%f %Y" / >/dev/null 2>&1; then l=stat-c; elif stat -f "%Xp %Fm" / >/dev/null 2>&1; then l=stat-f; else l=none; fi;',
  't=$(tar --version 2>&1 | head -n 1); case $t in *GNU*) t=gnu;; *bsdtar*) t=bsd;; *[Bb]usy[Bb]ox*) t=busybox;;',
  '*) if command -v tar >/dev/null 2>&1; then t=busybox; else t=none; fi;; esac;',
  'if command -v sha256sum >/dev/null 2>&1; then h=sha256sum; elif command -v shasum >/dev/null 2>&1; then h="shasum -a 256";',
  'elif command -v openssl >/dev/null 2>&1; then h="openssl dgst -sha256 -r"; else h=; fi;',
  'if sync -f /dev/null 2>/dev/null; then y=yes; else y=no; fi;',
  'if command -v python3 >/dev/null 2>&1; then p=yes; else p=no; fi;',
  String.raw`printf "%s\0" "$l" "$t" "$h" "$(id -u)" "$(umask)" "$(uname -s)" "$y" "$p";`,
].join(' ');
export const PROBE_FIELDS = 8;

/** The fields as the script prints them. */
export function parseCapabilities(fields: readonly string[]): Capabilities {
  const [list = '', tar = '', hash = '', uid = '', umask = '', system = '', syncs = '', python = ''] = fields;
  return {
    list: list === 'gnu' || list === 'stat-c' || list === 'stat-f' ? list : 'none',
    tar: tar === 'gnu' || tar === 'bsd' || tar === 'busybox' ? tar : 'none',
    hash,
    uid: Number(uid),
    umask: Number.parseInt(umask, 8) & 0o777,
    system,
    syncs: syncs === 'yes',
    python: python === 'yes',
  };
}
