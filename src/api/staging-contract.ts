import type { Surroundings } from '../core/task.ts';
import type { Submitted } from './task-api.ts';

/** Where a file from afar goes. */
export interface UploadTarget {
  readonly host: string;
  /** A folder that is there; the file gets its own name in it. */
  readonly folder: string;
}

/**
 * Files between hosts and whoever is not on the daemon's machine: they lie there for a while, and travel between it and
 * the host as ordinary tasks of kind `scp.upload` and `scp.download`. Who began something is the only one to touch it.
 */
export interface StagingApi {
  /** Makes room for a file. Throws `store.full` when there is not enough, `input.invalid`. */
  beginUpload(file: { readonly name: string; readonly size: number }): Promise<{ readonly id: string }>;
  /** The next piece, at most 8 MiB; `at` is where it belongs. What was there already is not an error. */
  addToUpload(id: string, at: number, bytes: Uint8Array): Promise<{ readonly received: number }>;
  /** Sends what came whole to a host; it is forgotten when the task has ended. */
  sendUpload(surroundings: Surroundings, id: string, target: UploadTarget): Promise<Submitted>;
  /** Fetches one file of a host; when its task has succeeded, `fetched` has it. */
  fetchFile(
    surroundings: Surroundings,
    host: string,
    path: string,
  ): Promise<{ readonly id: string; readonly submitted: Submitted }>;
  /** The bytes of a file that was fetched, for an hour. Throws `transfer.missing`. */
  fetched(id: string, options: { readonly signal: AbortSignal }): AsyncIterable<Uint8Array>;
}
