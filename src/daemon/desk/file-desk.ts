import type { FileApi } from '../../api/file-contract.ts';
import type { Submission } from '../../api/task-api.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { filePath, type FileWriteResult, LARGEST_FILE } from '../../core/file-params.ts';
import { quote } from '../../shell/quote.ts';
import { connectQuietly } from './connect-quietly.ts';
import type { DeskRequest } from './desk-parts.ts';
import { readHostFile } from './read-host-file.ts';
import { checkCommand, taskDesk } from './task-desk.ts';

const LIMIT = 60_000;

/** One file at a time. */
export function fileDesk(request: DeskRequest): FileApi {
  return {
    async readFile(surroundings, host, path) {
      checkPath(path);
      const { name, connect } = await connectQuietly(request, surroundings, host);
      await checkCommand(request, surroundings, name, `cat -- ${quote(path)}`);
      const signal = AbortSignal.timeout(LIMIT);
      return await readHostFile(await connect(signal), path, signal);
    },
    async writeFile(surroundings, host, { content, ...params }) {
      const { path } = params;
      checkPath(path);
      if (content.length > LARGEST_FILE)
        throw new DeckhandError('file.too-large', `${content.length} bytes are too many.`);
      const submission: Submission = {
        kind: 'file.write',
        hosts: host,
        params,
        input: content,
        surroundings,
      };
      const signal = AbortSignal.timeout(LIMIT * 2);
      for await (const item of taskDesk(request).submitAndFollow(submission, { signal })) {
        if (item.item === 'submitted' && item.submitted.tasks.length > 1)
          throw new DeckhandError('input.invalid', `'${host}' is not one host.`);
        if (item.item !== 'ended') continue;
        const { state, result, error, id } = item.task;
        if (state === 'succeeded') return { ...(result as unknown as FileWriteResult), task: id };
        throw error
          ? new DeckhandError(error.code, error.message, { details: { ...error.details, task: id } })
          : new DeckhandError('command.cancelled', `The task ${id} was cancelled.`);
      }
      throw new DeckhandError(
        'command.timeout',
        `${host}:${path} was not written in time; the task goes on.`,
      );
    },
  };
}

function checkPath(path: string): void {
  const { error } = filePath.safeParse(path);
  if (error)
    throw new DeckhandError('input.invalid', `path: ${error.issues[0]?.message}.`, {
      details: { field: 'path' },
    });
}
