import { type DiffLine, difference } from './state-kind.ts';
import { plainMode } from './apply-prelude.ts';

/** One `stat` line of the host. */
export interface FileStatus {
  /** Octal without leading zero. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  /** Bytes. */
  readonly size: number;
  /** `regular file`, `directory`, `symbolic link` … */
  readonly type: string;
}

/** Reads `644 root root 12 regular file`; null when it is not such a line. */
export function parseStatus(line: string): FileStatus | null {
  const match = /^([0-7]+) (\S+) (\S+) (\d+) (.+)$/.exec(line);
  if (!match) return null;
  const [, mode = '', owner = '', group = '', size = '', type = ''] = match;
  return {
    mode,
    owner,
    group,
    size: Number(size),
    type: type === 'regular empty file' ? 'regular file' : type,
  };
}

/** Differences of mode, owner and group. */
export function compareOwnership(
  status: FileStatus,
  wanted: { readonly mode: string; readonly owner: string; readonly group: string },
): readonly DiffLine[] {
  return [
    ...difference('mode', status.mode.padStart(4, '0'), plainMode(wanted.mode).padStart(4, '0')),
    ...difference('owner', status.owner, wanted.owner),
    ...difference('group', status.group, wanted.group),
  ];
}
