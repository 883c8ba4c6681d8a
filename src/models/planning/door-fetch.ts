import type { IncomingMessage } from 'node:http';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { ask, type ModelDoor, readText } from '../door.ts';

/** Bytes of one answer. A plan has a few thousand. */
const LONGEST_ANSWER = 8 * 1024 * 1024;

/** A status other than success, with what came with it. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly status: number;
  /** What the server said. Untrusted, and it may quote a part of the key. */
  readonly text: string;
  readonly headers: Readonly<Record<string, string | undefined>>;

  constructor(status: number, text: string, headers: HttpRefusal['headers']) {
    super(`status ${status}`);
    this.status = status;
    this.text = text;
    this.headers = headers;
  }
}

/**
 * `fetch` for the provider packages over a door, wherever it leads. No redirect is followed: the key would go with it.
 * `moved` is called with every piece that arrives. Throws `HttpRefusal`, and what the door throws.
 */
export function doorFetch(door: ModelDoor, moved: () => void): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const signal = init?.signal ?? new AbortController().signal;
    // the provider package sends the key in its own header
    const response = await ask(
      { ...door, key: () => undefined },
      {
        method: 'POST',
        path: `${url.pathname}${url.search}`,
        signal,
        body: typeof init?.body === 'string' ? init.body : '',
        headers: headersOf(init),
      },
    );
    moved();
    const { statusCode = 0 } = response;
    if (statusCode !== 200) throw await refusalOf(door, response, signal);
    const { 'content-type': type = '' } = response.headers;
    return new Response(ReadableStream.from(pieces(door, response, moved)), {
      headers: { 'content-type': type },
    });
  };
}

async function refusalOf(
  door: ModelDoor,
  response: IncomingMessage,
  signal: AbortSignal,
): Promise<HttpRefusal> {
  const text = await readText(door, response, signal);
  const { headers } = response;
  const after = headers['retry-after-ms'];
  return new HttpRefusal(response.statusCode ?? 0, text, {
    'retry-after': headers['retry-after'],
    'retry-after-ms': Array.isArray(after) ? after[0] : after,
  });
}

/** Without those that say nothing: a provider package sends an empty key where there is none. */
function headersOf(init: RequestInit | undefined): Record<string, string> {
  const given = Object.entries((init?.headers ?? {}) as Record<string, string | undefined>);
  return Object.fromEntries(given.filter((pair): pair is [string, string] => Boolean(pair[1])));
}

async function* pieces(
  { name }: ModelDoor,
  response: IncomingMessage,
  moved: () => void,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      moved();
      length += piece.length;
      if (length > LONGEST_ANSWER)
        throw new DeckhandError('planner.malformed', `${name}: its answer is longer than 8 MiB.`);
      yield new Uint8Array(piece);
    }
  } catch (error) {
    if (error instanceof DeckhandError) throw error;
    throw new DeckhandError('chat.cut', `${name}: the answer broke off.`, { cause: error });
  }
}
