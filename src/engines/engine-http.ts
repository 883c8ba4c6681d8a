import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { DeckhandError } from '../core/deckhand-error.ts';
import { sanitiseText } from '../core/untrusted.ts';

/** Opens a connection to a model server, wherever it is. */
export type Dial = (signal: AbortSignal) => Promise<Duplex>;

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** From the root, such as `/v1/models`. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Sent as JSON. */
  readonly body?: object;
  /** Absent: none is sent. */
  readonly key?: string | undefined;
}

export interface EngineAnswer {
  readonly status: number;
  readonly text: string;
  /** Undefined where the text is no JSON. */
  readonly json: unknown;
}

/** One request to a model server; a connection each. Errors of `dial`, and `engine.down` when it ends too early. */
export type EngineHttp = (request: EngineRequest) => Promise<EngineAnswer>;

/** Bytes of one answer: far beyond what is asked for here. */
const LONGEST_ANSWER = 8 * 1024 * 1024;

/** What a server behind an address needs to hear besides. */
export interface HttpPlace {
  /** The Host header. */
  readonly host: string;
  /** Before every path. */
  readonly base: string;
}

/** Requests over connections that `dial` opens. What comes back is bounded, and nobody's instruction. */
export function engineHttp(dial: Dial, place: HttpPlace = { host: 'localhost', base: '' }): EngineHttp {
  return async request => {
    const stream = await dial(request.signal);
    try {
      return await exchange(stream, request, place);
    } finally {
      stream.destroy();
    }
  };
}

async function exchange(
  stream: Duplex,
  { method, path, signal, body, key }: EngineRequest,
  { host, base }: HttpPlace,
): Promise<EngineAnswer> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => stream,
      method,
      path: `${base}${path}`,
      signal,
      headers: {
        host,
        connection: 'close',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': payload.length }),
      },
    });
    outgoing.on('response', resolve);
    outgoing.on('error', error => reject(signal.aborted ? (signal.reason as Error) : down(error)));
    outgoing.end(payload);
  });
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > LONGEST_ANSWER) throw new Error(`its answer is longer than ${LONGEST_ANSWER} bytes`);
      pieces.push(piece);
    }
  } catch (error) {
    throw signal.aborted ? (signal.reason as Error) : down(error as Error);
  }
  const text = Buffer.concat(pieces).toString('utf8');
  return { status: response.statusCode ?? 0, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function down(error: Error): DeckhandError {
  return new DeckhandError('engine.down', `The engine did not answer: ${sanitiseText(error.message)}.`, {
    cause: error,
  });
}
