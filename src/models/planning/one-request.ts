import type { ModelMessage } from 'ai';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { Watchdog } from '../watchdog.ts';
import { doorFetch, HttpRefusal } from './door-fetch.ts';
import type { AnswerLimits, PlanningServer } from './planning-server.ts';
import { languageModel } from './providers.ts';

/** Characters of an answer. */
const LONGEST_TEXT = 500_000;

export interface PlanningRequest {
  readonly server: PlanningServer;
  readonly instructions: string;
  readonly messages: readonly ModelMessage[];
  /** Null: the server takes none, and is told in words. */
  readonly schema: { readonly name: string; readonly json: Readonly<Record<string, unknown>> } | null;
  readonly mostTokens: number;
  readonly limits: AnswerLimits;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The key that goes along, so that it can be kept out of what is written down. */
  readonly onKey: (key: string) => void;
}

export interface RequestAnswer {
  readonly text: string;
  readonly finishReason: string;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
}

/** One request, one streamed answer. Throws `planner.timed-out`, `HttpRefusal` and whatever the stream says. */
export async function oneRequest(request: PlanningRequest): Promise<RequestAnswer> {
  const { server, clock, limits } = request;
  using deadline = new Deadline(clock, limits, server.name);
  const signal = AbortSignal.any([request.signal, deadline.signal]);
  try {
    const door = await server.door(signal);
    const key = door.key();
    if (key !== undefined) request.onKey(key);
    const model = await languageModel(
      server,
      door,
      doorFetch(door, () => deadline.moved()),
    );
    const { streamText, Output, jsonSchema } = await import('ai');
    // it prints what it would have liked to be asked
    (globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;
    const { schema } = request;
    const { stream } = streamText({
      model,
      instructions: request.instructions,
      messages: [...request.messages],
      ...(schema && {
        output: shapeOnly(Output.object({ name: schema.name, schema: jsonSchema(schema.json) })),
      }),
      maxOutputTokens: request.mostTokens,
      // tries again are decided here, by what the server says
      maxRetries: 0,
      abortSignal: signal,
      onError: () => {},
    });
    return await gathered(stream, signal);
  } catch (thrown) {
    request.signal.throwIfAborted();
    deadline.signal.throwIfAborted();
    throw ownFault(thrown);
  }
}

/**
 * The shape is sent, and the answer is read here when it is whole: read anew at every piece, as the SDK does it, a server
 * that sends single letters would cost the square of its answer.
 */
function shapeOnly<Shape extends { parsePartialOutput: unknown }>(shape: Shape): Shape {
  return { ...shape, parsePartialOutput: async () => await Promise.resolve(undefined) };
}

/** The SDK wraps some of what the door throws; what was thrown first says it best. */
function ownFault(thrown: unknown): unknown {
  let inner = thrown;
  for (let depth = 0; depth < 5 && inner instanceof Error; depth += 1) {
    if (inner instanceof DeckhandError || inner instanceof HttpRefusal) return inner;
    inner = inner.cause;
  }
  return thrown;
}

/** What matters of the parts of a stream. */
interface StreamPart {
  readonly type: string;
  readonly text?: string;
  readonly error?: unknown;
  readonly finishReason?: string;
  /** In the server's own word. */
  readonly rawFinishReason?: string | undefined;
  readonly totalUsage?: {
    readonly inputTokens: number | undefined;
    readonly outputTokens: number | undefined;
  };
}

async function gathered(stream: AsyncIterable<StreamPart>, signal: AbortSignal): Promise<RequestAnswer> {
  let text = '';
  for await (const part of untilAborted(stream, signal)) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'text-delta') text += part.text ?? '';
    if (text.length > LONGEST_TEXT)
      throw new DeckhandError('planner.malformed', `The answer is longer than ${LONGEST_TEXT} characters.`);
    if (part.type !== 'finish') continue;
    const { finishReason = 'other', totalUsage } = part;
    // where a stream is cut, some providers of the SDK make an end of their own
    if (finishReason === 'error' || part.rawFinishReason === undefined) break;
    return {
      text,
      finishReason,
      promptTokens: totalUsage?.inputTokens ?? null,
      completionTokens: totalUsage?.outputTokens ?? null,
    };
  }
  signal.throwIfAborted();
  throw new Error('it ended without saying so');
}

/** The SDK ends an aborted stream in its own time; nobody waits for that. */
async function* untilAborted<Part>(stream: AsyncIterable<Part>, signal: AbortSignal): AsyncGenerator<Part> {
  const { promise: left, reject } = Promise.withResolvers<never>();
  left.catch(() => undefined);
  const leave = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', leave, { once: true });
  const parts = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await Promise.race([parts.next(), left]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', leave);
    void parts.return?.()?.catch(() => undefined);
  }
}

/** Two limits of one request: in silence, and at all. Disposing of it ends what is left of the request. */
class Deadline implements Disposable {
  readonly #stop = new AbortController();
  readonly #over = new AbortController();
  readonly #watchdog: Watchdog;

  constructor(clock: Clock, { total, silence }: AnswerLimits, name: string) {
    const late = (what: string, setting: string): void =>
      this.#stop.abort(
        new DeckhandError('planner.timed-out', `${name}: ${what} (${setting}).`, {
          details: { model: name },
        }),
      );
    this.#watchdog = new Watchdog(clock, silence, () =>
      late(`not a byte came for ${silence / 1000} s`, 'agent.silence'),
    );
    clock.sleep(total, this.#over.signal).then(
      () => late(`its answer did not end within ${total / 1000} s`, 'agent.timeout'),
      () => undefined,
    );
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }
  moved(): void {
    this.#watchdog.moved();
  }
  [Symbol.dispose](): void {
    this.#watchdog[Symbol.dispose]();
    this.#over.abort();
    this.#stop.abort(new DeckhandError('command.cancelled', 'The request is over.'));
  }
}
