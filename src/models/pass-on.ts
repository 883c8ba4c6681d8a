import type { Clock } from '../core/clock.ts';
import { chatFault } from './chat-fault.ts';
import { CollectedAnswer } from './collect-answer.ts';
import { ask, type ModelDoor, readText } from './door.ts';
import { streamMessages } from './event-stream.ts';
import { parseJson } from './json.ts';
import type { ModelPool, ModelServer } from './model-pool.ts';
import { DeckhandError } from '../core/deckhand-error.ts';

/** A request of somebody else's program, as it came. */
export interface PassedRequest {
  readonly servers: readonly ModelServer[];
  /** As `Routed.again`. */
  readonly again?: () => Promise<readonly ModelServer[]>;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly client: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Part of an answer, or a reason to finish: what a client was told cannot be told otherwise by another server. */
const TOKEN =
  /"(?:content|reasoning_content|reasoning|text)"\s*:\s*"[^"]|"tool_calls"\s*:\s*\[|"finish_reason"\s*:\s*"/;

/** The messages of a streamed answer as the server wrote them. Throws as `ModelPool.route` does. */
export function passStream(pool: ModelPool, request: PassedRequest): AsyncGenerator<string> {
  return pool.route({
    ...routeOf(request),
    commits: (message: string) => TOKEN.test(message),
    open: (door, model) => streamOf(door, model, request, {}),
  });
}

/** The whole answer, though the server is asked for a stream: it would not notice that nobody waits any more. */
export async function passWhole(
  pool: ModelPool,
  request: PassedRequest,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = new CollectedAnswer();
  const messages = pool.route({
    ...routeOf(request),
    commits: (message: string) => TOKEN.test(message),
    open: (door, model) => streamOf(door, model, request, { stream_options: { include_usage: true } }),
  });
  for await (const message of messages) answer.add(parseJson(message));
  const whole = answer.whole();
  if (whole) return whole;
  throw new DeckhandError('chat.malformed', 'The answer was a stream with nothing in it.');
}

/** A request that is no stream and short, such as embeddings; the answer's JSON text. */
export async function passOnce(pool: ModelPool, request: PassedRequest): Promise<string> {
  const answers = pool.route({
    ...routeOf(request),
    commits: () => true,
    open: (door, model) => onceOf(door, model, request),
  });
  for await (const answer of answers) return answer;
  throw new DeckhandError('chat.malformed', 'There was no answer.');
}

function routeOf({ servers, again, body, client, signal }: PassedRequest): Pick<
  PassedRequest,
  'servers' | 'again'
> & {
  model: string | undefined;
  client: string;
  signal: AbortSignal;
} {
  const { model } = body;
  const renewed = again ? { again } : {};
  return {
    servers,
    ...renewed,
    client,
    signal,
    model: typeof model === 'string' && model !== '' ? model : undefined,
  };
}

function streamOf(
  door: ModelDoor,
  model: string,
  { path, body, signal, clock }: PassedRequest,
  more: object,
): AsyncGenerator<string> {
  const text = JSON.stringify({ ...body, ...more, model, stream: true });
  return streamMessages(door, { path, body: text, signal, clock });
}

async function* onceOf(
  door: ModelDoor,
  model: string,
  { path, body, signal }: PassedRequest,
): AsyncGenerator<string> {
  const response = await ask(door, {
    method: 'POST',
    path,
    body: JSON.stringify({ ...body, model }),
    signal,
  });
  const text = await readText(door, response, signal);
  if (response.statusCode !== 200) throw chatFault(door.name, response.statusCode ?? 0, text);
  yield text;
}
