import { DeckhandError } from '../../core/deckhand-error.ts';
import { LARGEST_FILE } from '../../core/file-params.ts';
import { z } from '../../core/schema.ts';
import { executeParams } from '../../core/task-params.ts';
import type { Surroundings } from '../../core/task.ts';
import { answers } from './answer-schemas.ts';
import { toBase64 } from './base64.ts';
import { bytesOfField } from './item-codec.ts';
import { register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

const path = z.string().min(1).max(4096);
const hashOrNone = z.string().regex(/^(?:[0-9a-f]{64}|none)$/, 'the hash that was read, or none');
const readBody = z.strictObject({ surroundings: requests.surroundings, path });
const writeBody = z.strictObject({
  surroundings: requests.surroundings,
  path,
  expected: hashOrNone.optional().describe('the same as If-Match, which wins'),
  content: z
    .string()
    .max(Math.ceil(LARGEST_FILE / 3) * 4)
    .describe('base64'),
  mode: z
    .string()
    .regex(/^0[0-7]{3,4}$/)
    .optional(),
  root: z.boolean().optional(),
  approval: executeParams.shape.approval.describe(
    "a person's yes: the hash that `policy.needs-approval` named",
  ),
});

/** One file of a host at a time, for whoever edits. */
export function registerFileRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'readFile',
    method: 'post',
    path: '/v1/hosts/{host}/file/read',
    summary: 'A file of at most 2 MiB with its mode, owner and hash; the hash is the `etag` too.',
    parameters: requests.hostPath,
    body: readBody,
    answer: answers.hostFile,
    carryOut: async ({ parameters, body, api, context }) => {
      context.set('subject', body.path);
      const at = requests.exact<Surroundings>(body.surroundings);
      const { content, ...file } = await api.readFile(at, parameters.host, body.path);
      context.header('etag', `"${file.hash}"`);
      return { ...file, content: toBase64(content) };
    },
  });
  register(parts, {
    id: 'writeFile',
    method: 'post',
    path: '/v1/hosts/{host}/file/write',
    summary:
      'Writes a whole file in one move, keeping mode and owner, as a task. `If-Match` names the hash that was read, or `none` for a new file; 409 when it is another by now.',
    parameters: requests.hostPath,
    body: writeBody,
    answer: answers.hostFileWritten,
    carryOut: async ({ parameters, body, api, context }) => {
      context.set('subject', body.path);
      const { surroundings, content, path: file, mode, root, approval: yes } = body;
      return await api.writeFile(requests.exact<Surroundings>(surroundings), parameters.host, {
        path: file,
        content: bytesOfField(content, 'body.content'),
        expected: expectedOf(context.req.header('if-match') ?? body.expected),
        ...(mode !== undefined && { mode }),
        ...(root !== undefined && { root }),
        ...(yes && { approval: yes }),
      });
    },
  });
}

function expectedOf(header: string | undefined): string {
  const hash = /^"?([0-9a-f]{64}|none)"?$/.exec(header ?? '')?.[1];
  if (hash !== undefined) return hash;
  throw fault('if-match', 'give the hash that was read, or none for a new file');
}

function fault(field: string, text: string): DeckhandError {
  return new DeckhandError('input.invalid', `${field}: ${text}.`, { details: { field } });
}
