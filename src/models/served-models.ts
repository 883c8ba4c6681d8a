import { DeckhandError } from '../core/deckhand-error.ts';
import { chatFault } from './chat-fault.ts';
import { ask, type ModelDoor, readText } from './door.ts';
import { at, listAt, numberAt, parseJson, textAt } from './json.ts';

export interface ServedModel {
  readonly name: string;
  /** Tokens; null where the server does not say. */
  readonly context: number | null;
}

/** What a server serves, as it says itself. Throws `engine.*`, `chat.malformed` and what `dial` throws. */
export async function servedModels(door: ModelDoor, signal: AbortSignal): Promise<readonly ServedModel[]> {
  const response = await ask(door, { method: 'GET', path: '/v1/models', signal });
  const text = await readText(door, response, signal);
  if (response.statusCode !== 200) throw chatFault(door.name, response.statusCode ?? 0, text);
  const json = parseJson(text);
  if (!Array.isArray(at(json, 'data')))
    throw new DeckhandError('chat.malformed', `${door.name}: what answers there lists no models.`);
  return listAt(json, 'data').flatMap(model => {
    const name = textAt(model, 'id');
    const context = numberAt(model, 'meta', 'n_ctx') ?? numberAt(model, 'max_model_len');
    return name === null ? [] : [{ name, context }];
  });
}

/** How many requests a server works on at once; null where it does not say. */
export async function slotsOf(door: ModelDoor, signal: AbortSignal): Promise<number | null> {
  const props = await textOf(door, '/props', signal);
  return props === null ? null : numberAt(parseJson(props), 'total_slots');
}

/**
 * Tokens per second of all answers that a server gave since it was started, while it worked on them: llama-server's
 * own counts. Null where it does not tell, said nothing yet, or sleeps: asked for its counts it would wake up.
 */
export async function speedOf(door: ModelDoor, signal: AbortSignal): Promise<number | null> {
  const props = await textOf(door, '/props', signal);
  if (props === null || at(parseJson(props), 'is_sleeping') === true) return null;
  const metrics = await textOf(door, '/metrics', signal);
  if (metrics === null) return null;
  const tokens = counted(metrics, 'tokens_predicted_total');
  const seconds = counted(metrics, 'tokens_predicted_seconds_total');
  return tokens > 0 && seconds > 0 ? tokens / seconds : null;
}

/** Null: the server has no such path, or does not show it. */
async function textOf(door: ModelDoor, path: string, signal: AbortSignal): Promise<string | null> {
  const response = await ask(door, { method: 'GET', path, signal });
  const text = await readText(door, response, signal);
  return response.statusCode === 200 ? text : null;
}

/** A line of Prometheus' text format; 0: there is none. */
function counted(metrics: string, name: string): number {
  const value = new RegExp(`^llamacpp:${name} (\\S+)$`, 'm').exec(metrics)?.[1];
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? number : 0;
}
