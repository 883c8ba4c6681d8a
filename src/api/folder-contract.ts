import type { ListResult } from '../core/transfer-params.ts';
import type { Surroundings } from '../core/task.ts';

/** A folder of a host; null = of the machine that the daemon runs on. */
export interface FolderPlace {
  readonly host: string | null;
  /** Relative ones, and those that begin with `~`, begin at the account's home. */
  readonly path: string;
}

/** What is in a folder. `path` is absolute. */
export type FolderView = ListResult;

/** What a search tells, as it finds it. */
export type FoundItem =
  | { readonly item: 'found'; readonly path: string; readonly isFolder: boolean }
  /** The last one. `why`: all was looked through, there are more, or the time was over. */
  | {
      readonly item: 'searched';
      readonly found: number;
      readonly why: 'all' | 'limit' | 'time';
      /** Folders that could not be looked into. */
      readonly closed: number;
    };

/** What happens in a folder: `watching` first, then `changed` whenever something in it is different. */
export type FolderChange =
  | { readonly item: 'watching'; readonly path: string }
  | { readonly item: 'changed' }
  /** Nothing happened for ten seconds. */
  | { readonly item: 'alive' };

export interface FolderSearch extends FolderPlace {
  /** Part of a name, in whatever case; with `*` or `?`, the pattern of a whole name. */
  readonly name: string;
  /** At most 10 000; default 1 000. */
  readonly limit?: number;
}

/** Looking around on hosts and on this machine, over connections that are there; nothing of it is a task. */
export interface FolderApi {
  /** At most 200 000 entries. Throws `transfer.missing`, `transfer.no-permission`, what the policy says of `ls`. */
  listFolder(surroundings: Surroundings, place: FolderPlace): Promise<FolderView>;
  /**
   * Names below a folder, on its file system only, for at most a minute. Leaving stops it on the host too. Throws as
   * `listFolder`, and what the policy says of `find`.
   */
  searchFolder(
    surroundings: Surroundings,
    search: FolderSearch,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<FoundItem>;
  /** One folder, not what lies below. Throws as `listFolder`; `daemon.unreachable` when the connection is lost. */
  watchFolder(
    surroundings: Surroundings,
    place: FolderPlace,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<FolderChange>;
}
