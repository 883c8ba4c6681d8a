import type { Clock } from '../core/clock.ts';
import type { RawPath } from '../core/raw-path.ts';
import type { SshConnection } from '../ssh/connection.ts';
import type { LentConnection } from '../ssh/kept-connections.ts';

/** One transfer between a place here and a place on a host. */
export interface TransferRequest {
  readonly connection: SshConnection;
  /**
   * Another connection, for files so large that one of the system's client pays: its ciphers are faster than ours.
   * Null: there is none to be had.
   */
  readonly bulkConnection?: (signal: AbortSignal) => Promise<LentConnection | null>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of the task: parts of an interrupted transfer are found again by it. */
  readonly id: string;
  /** Absolute. */
  readonly local: RawPath;
  /** Absolute, or from the account's home. */
  readonly remote: RawPath;
  readonly direction: 'push' | 'pull' | 'both';
  /** A file whose target is a folder goes into it; else the roots are what they are. */
  readonly intoFolder: boolean;
  /** False: a folder as the source of a pull is refused. */
  readonly recursive: boolean;
  readonly exclude: readonly string[];
  readonly preserve: boolean;
  /** Large files that are there are changed where they are, by blocks, and not replaced as a whole. Default: no. */
  readonly inplace?: boolean;
  readonly links: 'keep' | 'follow' | 'skip';
  readonly compare: 'time' | 'contents';
  /** Bytes a second; 0 = no limit. */
  readonly rateLimit: number;
  readonly dryRun: boolean;
  /** A dry run that also says what would change in each file. */
  readonly diff?: boolean;
  readonly xattrs?: boolean;
  readonly acls?: boolean;
  readonly deleteExtra: boolean;
  readonly allowEmptySource: boolean;
  /** Where the base of a sync in both directions is kept, and what both sides were like when there was nothing to do. `` = nowhere. */
  readonly baseFolder: string;
  /** An earlier claim of the task began it, and may have left its staging folder where nothing else is to be done. */
  readonly resumes?: boolean;
  readonly onPhase: (phase: string) => void;
  /** Bytes of contents that arrived, of those that travel in all. */
  readonly onProgress: (done: number, total: number, path: RawPath) => void;
  /**
   * From now on something may be left behind. Bytes that will travel; null: that is not known yet, and this will be
   * called again.
   */
  readonly onBegin: (bytes: number | null) => Promise<void>;
}
