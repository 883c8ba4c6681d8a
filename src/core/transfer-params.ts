import type { ErrorRecord } from './deckhand-error.ts';
import { z } from './schema.ts';

/** What each kind of transfer takes and gives. Sizes in bytes, durations in milliseconds. */

const localPath = z
  .string()
  .min(1)
  .max(4096)
  .startsWith('/', 'an absolute path')
  .refine(hasNoZero, 'a path without zero bytes');
/** Relative ones begin at the account's home. */
const remotePath = z.string().min(1).max(4096).refine(hasNoZero, 'a path without zero bytes');
const patterns = z.array(z.string().min(1).max(1000)).max(1000).default([]);

function hasNoZero(text: string): boolean {
  return !text.includes('\0');
}

const common = {
  /** gitignore rules, relative to the root of the tree; the last one that fits wins. */
  exclude: patterns,
  /** Modes and times (owners too, where we are root) as at the source; otherwise as a new file has them. */
  preserve: z.boolean().default(true),
  /** Symbolic links: as links, as what they point to, or left out (and said). */
  links: z.enum(['keep', 'follow', 'skip']).default('keep'),
  /** Files count as equal by size and time, or only after their contents were compared. */
  compare: z.enum(['time', 'contents']).default('time'),
  /** Large files that are there are changed where they are, by the blocks that differ, and not replaced. */
  inplace: z.boolean().default(false),
  /** Bytes a second; 0 = no limit. */
  rateLimit: z.number().int().min(0).default(0),
  /** True: says what would be done, and does nothing. */
  dryRun: z.boolean().default(false),
  /** A dry run whose plan says for each file what would change in it. */
  diff: z.boolean().default(false),
  /** Extended attributes of the `user.` names as well; both sides need getfattr and setfattr. */
  xattrs: z.boolean().default(false),
  /** Access control lists as well; both sides need getfacl and setfacl. */
  acls: z.boolean().default(false),
};

/**
 * `source` is a file, or the root of a tree that `target` becomes; trailing slashes mean nothing here.
 * A file whose target is a directory goes into it, under its own name.
 */
export const uploadParams = z.strictObject({ source: localPath, target: remotePath, ...common });

/** As with an upload. */
export const downloadParams = z.strictObject({
  source: remotePath,
  target: localPath,
  /** False: a directory as the source is refused (`transfer.is-a-directory`). Absent = true. */
  recursive: z.boolean().optional(),
  ...common,
});

export const syncParams = z.strictObject({
  local: localPath,
  remote: remotePath,
  direction: z.enum(['push', 'pull', 'both']),
  /** Removes what the source does not have. */
  deleteExtra: z.boolean().default(false),
  /** Without it an empty or missing source deletes nothing and fails. */
  allowEmptySource: z.boolean().default(false),
  ...common,
});

export const listParams = z.strictObject({
  path: remotePath,
  recursive: z.boolean().default(false),
  /** Entries at most. */
  limit: z.number().int().min(1).max(1_000_000).default(10_000),
});

export const copyParams = z.strictObject({
  source: remotePath,
  /** The host that gets it; the task's own host gives it. */
  toHost: z.string().min(1),
  target: remotePath,
  preserve: z.boolean().default(true),
});

/** An entry of a listing. Names that are no UTF-8 also come as `raw`, base64 of their bytes. */
export interface ListedEntry {
  readonly name: string;
  readonly raw?: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'device' | 'unknown';
  readonly size: number;
  /** Four octal digits. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  /** ISO 8601. */
  readonly modifiedAt: string;
  readonly link?: string;
}
export interface ListResult {
  readonly path: string;
  readonly entries: readonly ListedEntry[];
  readonly truncated: boolean;
}

export interface TransferAction {
  readonly action: 'create' | 'update' | 'delete' | 'attributes' | 'conflict' | 'skip';
  readonly side: 'local' | 'remote';
  readonly path: string;
  readonly type: ListedEntry['type'];
  readonly size: number;
  /** Why a skip or a conflict. */
  readonly reason?: string;
  /**
   * Where it was asked for: `@@` hunks as `diff -u` has them, from what is there to what would be (of a
   * conflict from here to the host); or in words why there are none: binary, too large, not read.
   */
  readonly diff?: { readonly text: string } | { readonly note: string };
}

export interface TransferResult {
  /** Files whose contents travelled. */
  readonly files: number;
  /** Bytes of file contents that travelled. */
  readonly bytes: number;
  readonly directories: number;
  readonly links: number;
  readonly unchanged: number;
  readonly deleted: number;
  /** Bytes of the whole tree. */
  readonly totalBytes: number;
  readonly duration: number;
  /** Files whose contents were compared by hash at both ends after they had travelled. */
  readonly verified: number;
  /** Paths whose extended attributes or lists were changed, or (of a dry run) would be, where they were asked for. */
  readonly extended?: number;
  /** What was left out, with reasons; at most 1 000, and how many in all. */
  readonly skipped: readonly TransferAction[];
  readonly skippedCount: number;
  readonly conflicts: readonly TransferAction[];
  /** Of a dry run: at most 10 000, deletions first. */
  readonly plan?: readonly TransferAction[];
  readonly planCount?: number;
  /** Files that failed, when others went on. */
  readonly failures?: readonly { readonly path: string; readonly error: ErrorRecord }[];
}
