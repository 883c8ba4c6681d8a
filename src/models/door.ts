import type { IncomingMessage } from 'node:http';
import { DeckhandError } from '../core/deckhand-error.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { type Dial, type HttpCall, readAnswer, sendOver } from './http-exchange.ts';

/** The way to one model server, wherever it is. */
export interface ModelDoor {
  /** For people: `gpu-1/tiny`. */
  readonly name: string;
  readonly dial: Dial;
  /** Before every path, such as `/openai`; usually empty. */
  readonly base: string;
  /** Read anew for each request; never shown. */
  readonly key: () => string | undefined;
  /** Sent with every request besides. */
  readonly headers: Readonly<Record<string, string>>;
  /** A stream that was cut can be taken up again, and goes on without a reader until it is deleted. */
  readonly resumes: boolean;
  /** Milliseconds between signs of life of a stream in which nothing is said; null = there are none. */
  readonly pingInterval: number | null;
}

export interface DoorRequest extends Pick<HttpCall, 'method' | 'path' | 'signal'> {
  /** JSON text. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Bytes of an answer that is read as a whole. */
const LONGEST_ANSWER = 32 * 1024 * 1024;

/**
 * Sends one request over a connection of its own; resolves with the beginning of the answer. The connection
 * ends with the signal or with the response. Throws what `dial` throws, and `engine.down`.
 */
export async function ask(door: ModelDoor, call: DoorRequest): Promise<IncomingMessage> {
  const { method, path, signal, body } = call;
  return await sendOver(door.dial, {
    method,
    path: `${door.base}${path}`,
    signal,
    body,
    key: door.key(),
    headers: { host: 'localhost', ...door.headers, ...call.headers },
    fault: error => down(door, error),
  });
}

/** The rest of an answer as text. Throws `engine.down` when it breaks off. */
export async function readText(
  door: Pick<ModelDoor, 'name'>,
  response: IncomingMessage,
  signal: AbortSignal,
): Promise<string> {
  return await readAnswer(response, { signal, limit: LONGEST_ANSWER, fault: error => down(door, error) });
}

function down({ name }: Pick<ModelDoor, 'name'>, error: Error): DeckhandError {
  return new DeckhandError(
    'engine.down',
    `${name}: the model server did not answer: ${sanitiseText(error.message)}.`,
    {
      cause: error,
      details: { server: name },
    },
  );
}
