import { z } from '@hono/zod-openapi';
import type { Change } from '../watch-contract.ts';
import { answers } from './answer-schemas.ts';
import { eventStream, STREAM_HEADERS } from './event-stream.ts';
import { paceFor, register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

const MOST_LINES = 1000;
const MOST_LOGS = 16;
const lineNumber = z.coerce.number().int().min(1);

const lineQuery = z.strictObject({
  from: lineNumber.optional().describe('the first line; without it, the last lines'),
  count: z.coerce.number().int().min(1).max(MOST_LINES).default(200),
  stream: z.enum(['stdout', 'stderr']).optional(),
  search: z.string().min(1).max(1000).optional().describe('only lines with this text, in whatever case'),
});
const changesQuery = z.strictObject({
  log: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .transform(value => (value === undefined ? [] : [value].flat()))
    .refine(value => value.length <= MOST_LOGS, `at most ${MOST_LOGS}`),
});

/** Lines of a log by their numbers, and all changes over one connection. */
export function registerWatchRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'lines',
    method: 'get',
    path: '/v1/tasks/{id}/lines',
    summary:
      "Numbered lines of a task's output; costs the same wherever they are. With `search`, those that match.",
    parameters: requests.id,
    query: lineQuery,
    answer: answers.lines,
    carryOut: async ({ parameters, query, api }) =>
      await api.lines(parameters.id, {
        from: query.from ?? null,
        count: query.count,
        stream: query.stream ?? null,
        search: query.search ?? null,
      }),
  });
  register(parts, {
    id: 'changes',
    method: 'get',
    path: '/v1/changes',
    summary: 'The event stream of what is different: tasks, and how long the named logs are.',
    query: changesQuery,
    answer: answers.change,
    streams: 'always',
    carryOut: async ({ query, api, context }) => {
      const open = (signal: AbortSignal): AsyncIterable<Change> => api.changes({ signal, logs: query.log });
      return context.body(await eventStream(open, paceFor(parts, context)), 200, STREAM_HEADERS);
    },
  });
}
