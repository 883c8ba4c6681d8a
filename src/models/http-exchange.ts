import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';

/** Opens a connection to a model server, wherever it is. */
export type Dial = (signal: AbortSignal) => Promise<Duplex>;

/** One request as it goes out. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; absent: none is sent. */
  readonly body: string | undefined;
  /** Sent as a bearer token; absent: none is sent. */
  readonly key: string | undefined;
  /** What is thrown when the connection breaks off. */
  readonly fault: (error: Error) => Error;
}

/**
 * Sends one request over a connection of its own; resolves with the beginning of the answer. The connection ends
 * with the signal or with the response. Throws what `dial` throws, the signal's reason, and `fault`.
 */
export async function sendOver(dial: Dial, call: HttpCall): Promise<IncomingMessage> {
  const { method, path, signal, body, key, headers, fault } = call;
  signal.throwIfAborted();
  const stream = await dial(signal);
  const payload = body === undefined ? undefined : Buffer.from(body);
  return await new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => stream,
      method,
      path,
      signal,
      headers: {
        connection: 'close',
        ...headers,
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(payload && { 'content-type': 'application/json', 'content-length': payload.length }),
      },
    });
    outgoing.on('response', response => {
      response.once('close', () => stream.destroy());
      resolve(response);
    });
    outgoing.on('error', error => {
      stream.destroy();
      reject(signal.aborted ? (signal.reason as Error) : fault(error));
    });
    // a connection that the server wants for something else ends without an answer and without an error
    outgoing.on('close', () => {
      reject(signal.aborted ? (signal.reason as Error) : fault(new Error('it ended without an answer')));
    });
    outgoing.end(payload);
  });
}

/** The rest of an answer as text, at most `limit` bytes. Throws as `sendOver` does. */
export async function readAnswer(
  response: IncomingMessage,
  { signal, fault, limit }: Pick<HttpCall, 'signal' | 'fault'> & { readonly limit: number },
): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > limit) throw new Error(`its answer is longer than ${limit} bytes`);
      pieces.push(piece);
    }
  } catch (error) {
    throw signal.aborted ? (signal.reason as Error) : fault(error as Error);
  }
  return Buffer.concat(pieces).toString('utf8');
}
