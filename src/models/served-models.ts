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
  const response = await ask(door, { method: 'GET', path: '/props', signal });
  const text = await readText(door, response, signal);
  return response.statusCode === 200 ? numberAt(parseJson(text), 'total_slots') : null;
}
