import { z } from '@hono/zod-openapi';
import type { Surroundings } from '../../core/task.ts';
import type { FolderChange, FolderPlace, FolderSearch, FoundItem } from '../folder-contract.ts';
import { answers } from './answer-schemas.ts';
import { eventStream, STREAM_HEADERS } from './event-stream.ts';
import { type HttpEnvironment, paceFor, register, type RouteParts } from './operation.ts';
import type { Context } from 'hono';
import * as requests from './request-schemas.ts';

const place = {
  surroundings: requests.surroundings,
  host: z.string().min(1).max(300).nullable().describe('null: the machine that the daemon runs on'),
  path: z.string().max(4096).describe('empty: the home'),
};
const placeBody = z.strictObject(place);
const searchBody = z.strictObject({
  ...place,
  name: z.string().min(1).max(255),
  limit: z.number().int().min(1).max(10_000).optional(),
});

/** Folders of hosts, and of this machine. */
export function registerFolderRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'listFolder',
    method: 'post',
    path: '/v1/folders/list',
    summary: 'What is in a folder, at most 200,000 entries.',
    body: placeBody,
    answer: answers.folder,
    carryOut: async ({ body, api, context }) => {
      const { surroundings, ...at } = body;
      return await api.listFolder(requests.exact<Surroundings>(surroundings), subjectOf(context, at));
    },
  });
  register(parts, {
    id: 'searchFolder',
    method: 'post',
    path: '/v1/folders/search',
    summary: 'Names below a folder, as an event stream; for a minute at most. Leaving stops it on the host.',
    body: searchBody,
    answer: answers.foundItem,
    streams: 'always',
    carryOut: async ({ body, api, context }) => {
      const { surroundings, ...search } = body;
      const at = requests.exact<Surroundings>(surroundings);
      const wanted = subjectOf(context, requests.exact<FolderSearch>(search));
      return await streamed(parts, context, signal => api.searchFolder(at, wanted, { signal }));
    },
  });
  register(parts, {
    id: 'watchFolder',
    method: 'post',
    path: '/v1/folders/watch',
    summary: 'Says when something in a folder is different, as an event stream.',
    body: placeBody,
    answer: answers.folderChange,
    streams: 'always',
    carryOut: async ({ body, api, context }) => {
      const { surroundings, ...at } = body;
      const from = requests.exact<Surroundings>(surroundings);
      const wanted = subjectOf(context, at);
      return await streamed(parts, context, signal => api.watchFolder(from, wanted, { signal }));
    },
  });
}

function subjectOf<Place extends FolderPlace>(context: Context<HttpEnvironment>, at: Place): Place {
  context.set('subject', `${at.host ?? 'this machine'}:${at.path}`);
  return at;
}

async function streamed(
  parts: RouteParts,
  context: Context<HttpEnvironment>,
  open: (signal: AbortSignal) => AsyncIterable<FoundItem | FolderChange>,
): Promise<Response> {
  return context.body(await eventStream(open, paceFor(parts, context)), 200, STREAM_HEADERS);
}
