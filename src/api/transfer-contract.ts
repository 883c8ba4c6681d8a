import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { TaskEvent } from '../core/task-event.ts';
import type { ListResult, TransferResult } from '../core/transfer-params.ts';
import type { CallOptions, Selector } from './contract.ts';

/** What every transfer takes; what is absent is as in `core/transfer-params.ts`. */
export interface TransferOptions {
  /** gitignore rules, relative to the root of the tree; the last one that fits wins. */
  readonly exclude?: readonly string[];
  /** Modes and times (owners too, where we are root) as at the source. Default true. */
  readonly preserve?: boolean;
  /** Symbolic links: as links, as what they point to, or left out. Default `keep`. */
  readonly links?: 'keep' | 'follow' | 'skip';
  /** Default `time`: equal size and time is the same file. */
  readonly compare?: 'time' | 'contents';
  /** Large files that are there are changed where they are, by the blocks that differ. Default: they are replaced. */
  readonly inplace?: boolean;
  /** Bytes a second on each host; 0 = no limit. */
  readonly rateLimit?: number;
  /** True: each result has the `plan`, and nothing is done. */
  readonly dryRun?: boolean;
  /** True: a dry run whose plan has for each file what would change in it, as `diff -u` shows it; bounded. */
  readonly diff?: boolean;
  /** Extended attributes of the `user.` names as well; both sides need getfattr and setfattr. Not with `both`. */
  readonly xattrs?: boolean;
  /** Access control lists as well; both sides need getfacl and setfacl. Not with `both`. */
  readonly acls?: boolean;
}

/**
 * A file or tree of this machine to each selected host. `target` is the name it gets there (relative ones
 * begin at the account's home); a file goes into a target that is a directory. Trailing slashes mean nothing.
 */
export interface UploadRequest extends TransferOptions {
  readonly hosts: Selector;
  readonly source: string;
  readonly target: string;
}

/** The other way round. */
export interface DownloadRequest extends TransferOptions {
  readonly hosts: Selector;
  readonly source: string;
  readonly target: string;
  /** False: a directory as the source is refused. Default true. */
  readonly recursive?: boolean;
  /**
   * Set: what each host gives goes into a folder of the host's name in `target`, as this name (empty = the
   * folder itself). Needed where `hosts` may name several.
   */
  readonly inFolderOfHost?: string;
}

/** Two trees made equal. `pull` and `both` work with one host. */
export interface SyncRequest extends TransferOptions {
  readonly hosts: Selector;
  readonly local: string;
  readonly remote: string;
  readonly direction: 'push' | 'pull' | 'both';
  /** Removes what the source does not have. Default false. */
  readonly deleteExtra?: boolean;
  /** Without it an empty or missing source deletes nothing and fails. */
  readonly allowEmptySource?: boolean;
}

export interface ListRequest {
  readonly hosts: Selector;
  readonly path: string;
  readonly recursive?: boolean;
  /** Entries at most; default 10 000. */
  readonly limit?: number;
}

/** From host to host through this machine; neither learns how to reach the other. */
export interface CopyRequest {
  readonly fromHost: Selector;
  readonly source: string;
  readonly toHost: string;
  readonly target: string;
  /** Default true. */
  readonly preserve?: boolean;
}

/** What came of it on one host. `result` may be there beside an error: what was done until then. */
export interface TransferHostResult {
  readonly host: string;
  readonly task: string;
  /** As the task had them: absolute where they are of this machine. */
  readonly source: string;
  readonly target: string;
  readonly result: TransferResult | null;
  readonly error?: ErrorRecord;
}
export interface TransferReport {
  readonly results: readonly TransferHostResult[];
}

export interface ListHostResult {
  readonly host: string;
  readonly task: string;
  readonly path: string;
  readonly list: ListResult | null;
  readonly error?: ErrorRecord;
}
export interface ListReport {
  readonly results: readonly ListHostResult[];
}

/** How far a transfer is on one host: what happens to its task, and the bytes that were acknowledged. */
export type TransferUpdate = Extract<
  TaskEvent,
  { readonly kind: 'phase' | 'progress' | 'task-state' | 'attempt-failed' }
> & {
  readonly host: string;
  /** One line: the title of the task. */
  readonly title: string;
};

export interface TransferCall extends CallOptions {
  readonly onUpdate?: (update: TransferUpdate) => void;
}

/** Files between this machine and hosts. Methods throw `DeckhandError`; what fails on a host is data. */
export interface TransferApi {
  upload(request: UploadRequest, options: TransferCall): Promise<TransferReport>;
  download(request: DownloadRequest, options: TransferCall): Promise<TransferReport>;
  sync(request: SyncRequest, options: TransferCall): Promise<TransferReport>;
  list(request: ListRequest, options: TransferCall): Promise<ListReport>;
  copy(request: CopyRequest, options: TransferCall): Promise<TransferReport>;
}
