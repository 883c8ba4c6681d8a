import { DeckhandError } from '../core/deckhand-error.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { type Dial, type HttpCall, readAnswer, sendOver } from '../models/http-exchange.ts';
import { parseJson } from '../models/json.ts';

/** The path is from the root, such as `/v1/models`. */
export interface EngineRequest extends Pick<HttpCall, 'method' | 'path' | 'signal'> {
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
export function engineHttp(
  dial: Dial,
  { host, base }: HttpPlace = { host: 'localhost', base: '' },
): EngineHttp {
  return async ({ method, path, signal, body, key }) => {
    const response = await sendOver(dial, {
      method,
      path: `${base}${path}`,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      key,
      headers: { host },
      fault: down,
    });
    const text = await readAnswer(response, { signal, limit: LONGEST_ANSWER, fault: down });
    return { status: response.statusCode ?? 0, text, json: parseJson(text) };
  };
}

function down(error: Error): DeckhandError {
  return new DeckhandError('engine.down', `The engine did not answer: ${sanitiseText(error.message)}.`, {
    cause: error,
  });
}

/** Milliseconds that a server may take to say how it is: it does so between two pieces of its work. */
export const LOOK_LIMIT = 10_000;
/** Milliseconds that one short answer of a model may take, read from a slow disk first. */
export const ANSWER_LIMIT = 600_000;

/** Work that ends in time. Throws `engine.down` when it does not: something accepts connections there and says nothing. */
export async function limited<Value>(
  signal: AbortSignal,
  limit: number,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  return await endedBy(signal, { late: AbortSignal.timeout(limit), limit }, work);
}

/** The same way, on which every answer comes within `limit` milliseconds or is `engine.down`. */
export function within<Ask extends { readonly http: EngineHttp }>(ask: Ask, limit: number): Ask {
  const http: EngineHttp = async request =>
    await limited(request.signal, limit, async signal => await ask.http({ ...request, signal }));
  return { ...ask, http };
}

/** The same way for several questions: `limit` milliseconds from now on for all of them, one after the other or at once. */
export function allWithin<Ask extends { readonly http: EngineHttp }>(ask: Ask, limit: number): Ask {
  const until: Until = { late: AbortSignal.timeout(limit), limit };
  const http: EngineHttp = async request =>
    await endedBy(request.signal, until, async signal => await ask.http({ ...request, signal }));
  return { ...ask, http };
}

interface Until {
  readonly late: AbortSignal;
  readonly limit: number;
}

async function endedBy<Value>(
  signal: AbortSignal,
  { late, limit }: Until,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  try {
    return await work(AbortSignal.any([signal, late]));
  } catch (error) {
    if (signal.aborted || !late.aborted) throw error;
    throw new DeckhandError('engine.down', `It did not answer within ${limit / 1000} seconds.`);
  }
}

/** Whoever asks for the same path with the same key gets the same answer; whoever has another key has another one. */
export function askedOnce(http: EngineHttp): EngineHttp {
  const answers = new Map<string, Promise<EngineAnswer>>();
  return async request => {
    if (request.method !== 'GET') return await http(request);
    const name = `${request.key ?? ''} ${request.path}`;
    const answer = answers.get(name) ?? http(request);
    answers.set(name, answer);
    return await answer;
  };
}
