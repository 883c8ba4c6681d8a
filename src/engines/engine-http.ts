import { DeckhandError } from '../core/deckhand-error.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { type Dial, type HttpCall, readAnswer, sendOver } from '../models/http-exchange.ts';

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
    return { status: response.statusCode ?? 0, text, json: parsed(text) };
  };
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
