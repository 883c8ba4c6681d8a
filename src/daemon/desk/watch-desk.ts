import type { WatchApi } from '../../api/watch-contract.ts';
import { changes } from '../watch/change-feed.ts';
import { readLines } from '../watch/read-lines.ts';
import type { DeskRequest } from './desk-parts.ts';

/** What a page shows live: lines by their numbers, and whatever is different. */
export function watchDesk(request: DeskRequest): WatchApi {
  return {
    lines: async (task, query) => await readLines(request.store, task, query),
    changes: options => changes(request, options),
  };
}
