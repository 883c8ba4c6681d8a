import type { FileWriteParams, FileWriteResult } from '../core/file-params.ts';
import type { Surroundings } from '../core/task.ts';

/** One file of a host, whole. */
export interface FileView {
  readonly host: string;
  readonly path: string;
  readonly content: Uint8Array;
  /** SHA-256 of the content: what a write expects. */
  readonly hash: string;
  /** `0644`. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  /** Milliseconds since the epoch. */
  readonly changedAt: number;
}

export interface FileWrite extends Pick<FileWriteParams, 'path' | 'expected'> {
  readonly content: Uint8Array;
  /** Of a new file. */
  readonly mode?: string;
  readonly root?: boolean;
  /** A person's yes to what the policy asked about. */
  readonly approval?: { readonly hash: string; readonly risks: readonly string[] };
}

/** One file at a time, for whoever edits. Folders are listed by tasks of kind `scp.list`. */
export interface FileApi {
  /**
   * At most 2 MiB, as the login account, over the shared connection. Throws `transfer.missing`, `transfer.no-permission`,
   * `file.not-plain`, `file.too-large`, what the policy says of `cat`, and the errors of connections.
   */
  readFile(surroundings: Surroundings, host: string, path: string): Promise<FileView>;
  /**
   * As a task of kind `file.write`, waited for. Throws `file.changed`, what the policy says, and what the task failed
   * with.
   */
  writeFile(
    surroundings: Surroundings,
    host: string,
    write: FileWrite,
  ): Promise<FileWriteResult & { readonly task: string }>;
}
