import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { DeckhandError } from '../core/deckhand-error.ts';
import { sanitiseText } from '../core/untrusted.ts';

/** The way to one model server, wherever it is. */
export interface ModelDoor {
  /** For people: `gpu-1/tiny`. */
  readonly name: string;
  readonly dial: (signal: AbortSignal) => Promise<Duplex>;
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

export interface DoorRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly signal: AbortSignal;
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
  const { method, path, signal } = call;
  signal.throwIfAborted();
  const stream = await door.dial(signal);
  const key = door.key();
  const payload = call.body === undefined ? undefined : Buffer.from(call.body);
  return await new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => stream,
      method,
      path: `${door.base}${path}`,
      signal,
      headers: {
        host: 'localhost',
        connection: 'close',
        ...door.headers,
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(payload && { 'content-type': 'application/json', 'content-length': payload.length }),
        ...call.headers,
      },
    });
    outgoing.on('response', response => {
      response.once('close', () => stream.destroy());
      resolve(response);
    });
    outgoing.on('error', error => {
      stream.destroy();
      reject(signal.aborted ? (signal.reason as Error) : down(door, error));
    });
    outgoing.end(payload);
  });
}

/** The rest of an answer as text. Throws `engine.down` when it breaks off. */
export async function readText(
  door: Pick<ModelDoor, 'name'>,
  response: IncomingMessage,
  signal: AbortSignal,
): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > LONGEST_ANSWER) throw new Error(`its answer is longer than ${LONGEST_ANSWER} bytes`);
      pieces.push(piece);
    }
  } catch (error) {
    throw signal.aborted ? (signal.reason as Error) : down(door, error as Error);
  }
  return Buffer.concat(pieces).toString('utf8');
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
