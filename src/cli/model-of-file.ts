import { deckhandOverTasks } from '../api/over-tasks/deckhand-over-tasks.ts';
import type { TaskApi } from '../api/task-api.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Surroundings } from '../core/task.ts';
import { ensureModel } from './ensure-model.ts';
import { nameFromFile } from './model-flags.ts';

interface FileParts {
  readonly tasks: TaskApi;
  readonly surroundings: Surroundings;
  readonly signal: AbortSignal;
  /** A line for the person who waits. */
  readonly say: (text: string) => void;
}

/**
 * A model file is served by this machine itself, by the bundle that hosts get, started when it is not there. Gives
 * the name to ask it by. Throws what a deployment throws.
 */
export async function modelOfFile(parts: FileParts, file: string): Promise<string> {
  const { tasks, surroundings, signal, say } = parts;
  const name = nameFromFile(file);
  const api = deckhandOverTasks(tasks, { surroundings, prompts: {} });
  const wish = { host: 'local', name, model: file, settings: { service: 'detached' as const } };
  const results = await ensureModel({ tasks, api, surroundings, call: { signal } }, wish);
  const error = results?.[0]?.error;
  if (error) throw new DeckhandError(error.code, error.message, { hint: error.hint, details: error.details });
  if (results) say(`${name} is served by this machine now; deckhand model remove local/${name} ends it`);
  return `local/${name}`;
}
