import { z } from '@hono/zod-openapi';
import type { Surroundings } from '../../core/task.ts';
import { answers } from './answer-schemas.ts';
import { byteStream } from './byte-stream.ts';
import { bytesOfField } from './item-codec.ts';
import { paceFor, register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

const LARGEST_PIECE = 8 * 1024 * 1024;
const beginBody = z.strictObject({
  name: z.string().min(1).max(255),
  size: z.number().int().min(0),
});
const pieceBody = z.strictObject({
  at: z.number().int().min(0),
  bytes: z
    .string()
    .max(Math.ceil(LARGEST_PIECE / 3) * 4)
    .describe('base64'),
});
const sendBody = z.strictObject({
  surroundings: requests.surroundings,
  host: z.string().min(1).max(300),
  folder: z.string().min(1).max(4096),
});
const fetchBody = z.strictObject({
  surroundings: requests.surroundings,
  path: z.string().min(1).max(4096),
});

/** Files between hosts and whoever is elsewhere. */
export function registerStagingRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'beginUpload',
    method: 'post',
    path: '/v1/uploads',
    summary: 'Makes room for a file of the caller.',
    body: beginBody,
    answer: answers.staged,
    carryOut: async ({ body, api, context }) => {
      context.set('subject', `${body.name} ${body.size} bytes`);
      return await api.beginUpload(body);
    },
  });
  register(parts, {
    id: 'addToUpload',
    method: 'post',
    path: '/v1/uploads/{id}/piece',
    summary: 'The next piece of it, at most 8 MiB.',
    parameters: requests.id,
    body: pieceBody,
    answer: answers.received,
    carryOut: async ({ parameters, body, api }) =>
      await api.addToUpload(parameters.id, body.at, bytesOfField(body.bytes, 'body.bytes')),
  });
  register(parts, {
    id: 'sendUpload',
    method: 'post',
    path: '/v1/uploads/{id}/send',
    summary: 'Sends it to a host, as a task of kind scp.upload.',
    parameters: requests.id,
    body: sendBody,
    answer: answers.submitted,
    carryOut: async ({ parameters, body, api, context }) => {
      const { surroundings, ...target } = body;
      context.set('subject', `${target.host}:${target.folder}`);
      return await api.sendUpload(requests.exact<Surroundings>(surroundings), parameters.id, target);
    },
  });
  register(parts, {
    id: 'fetchFile',
    method: 'post',
    path: '/v1/hosts/{host}/file/fetch',
    summary:
      'Fetches a file of any size, as a task of kind scp.download; then it waits at /v1/fetched for an hour.',
    parameters: requests.hostPath,
    body: fetchBody,
    answer: answers.fetching,
    carryOut: async ({ parameters, body, api, context }) => {
      context.set('subject', body.path);
      return await api.fetchFile(requests.exact<Surroundings>(body.surroundings), parameters.host, body.path);
    },
  });
  register(parts, {
    id: 'fetched',
    method: 'get',
    path: '/v1/fetched/{id}',
    summary: 'The bytes of a file that was fetched.',
    parameters: requests.id,
    answer: answers.bytes,
    carryOut: async ({ parameters, api, context }) => {
      const { stopping } = paceFor(parts, context);
      const body = await byteStream(signal => api.fetched(parameters.id, { signal }), stopping);
      return context.body(body, 200, {
        'content-type': 'application/octet-stream',
        'content-disposition': 'attachment',
        'cache-control': 'no-store',
      });
    },
  });
}
