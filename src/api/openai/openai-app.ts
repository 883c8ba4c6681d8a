import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { pacedStream, type StreamWords } from '../paced-stream.ts';
import { sameSecret } from '../same-secret.ts';
import { openAiFault } from './openai-fault.ts';

/** A request as the gateway gets it. */
export interface PassedCall {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whose requests share the slots. */
  readonly client: string;
  readonly signal: AbortSignal;
}

/** What is behind the endpoint: all models as one server. Methods throw `DeckhandError`. */
export interface OpenAiGateway {
  models(signal: AbortSignal): Promise<readonly { readonly id: string; readonly owner: string }[]>;
  /** The data of each message of a streamed answer. */
  stream(call: PassedCall): AsyncGenerator<string>;
  whole(call: PassedCall): Promise<Readonly<Record<string, unknown>>>;
  /** JSON text. */
  once(call: PassedCall): Promise<string>;
}

export interface OpenAiAppOptions {
  readonly gateway: OpenAiGateway;
  /** Every request must carry it, as `Authorization: Bearer …` or `x-api-key`. */
  readonly token: string;
  /** Aborted: open streams end. */
  readonly stopping: AbortSignal;
  /** Milliseconds between comments of a silent stream; default 3 000. */
  readonly heartbeat?: number;
  /** Milliseconds in which the first fault of a stream still becomes a status; default 10 000. */
  readonly grace?: number;
}

interface Bindings {
  readonly incoming?: { readonly socket?: { readonly remotePort?: number } };
}
type Environment = { Bindings: Bindings };

/** Bytes of a request: long conversations, images as text. */
const LARGEST_BODY = 64 * 1024 * 1024;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
const STREAMED = ['/v1/chat/completions', '/v1/completions'];
const PASSED = ['/v1/embeddings'];

/** The endpoint that programs written for OpenAI's address use unchanged. It holds no state. */
export function buildOpenAiApp(options: OpenAiAppOptions): Hono<Environment> {
  const { gateway, stopping } = options;
  const app = new Hono<Environment>();
  app.onError((thrown, context) => faultAnswer(context, toDeckhandError(thrown)));
  app.notFound(context =>
    faultAnswer(
      context,
      new DeckhandError('api.unknown-route', `There is no ${context.req.method} ${context.req.path}.`),
    ),
  );
  app.use(onlyFromHere);
  app.get('/health', context => context.json({ status: 'ok' }));
  app.use('/v1/*', authorise(options.token));
  app.use(
    bodyLimit({
      maxSize: LARGEST_BODY,
      onError: () => {
        throw new DeckhandError('task.too-large', 'The request is larger than 64 MiB.');
      },
    }),
  );
  app.get('/v1/models', async context => {
    const models = await gateway.models(context.req.raw.signal);
    return context.json({ object: 'list', data: models.map(asModel) });
  });
  app.get('/v1/models/:model{.+}', async context => {
    const wanted = context.req.param('model');
    const models = await gateway.models(context.req.raw.signal);
    const found = models.find(({ id }) => id === wanted);
    if (found) return context.json(asModel(found));
    throw new DeckhandError(
      'chat.unknown-model',
      `No server has a model '${wanted}'. There are ${models.map(({ id }) => id).join(', ')}.`,
    );
  });
  for (const path of STREAMED)
    app.post(path, async context => {
      const here = AbortSignal.any([context.req.raw.signal, stopping]);
      const call = { path, signal: here, ...(await callOf(context)) };
      if (call.body['stream'] !== true) return context.json(await gateway.whole(call));
      const body = await pacedStream(
        left => gateway.stream({ ...call, signal: AbortSignal.any([here, left]) }),
        WORDS,
        { heartbeat: options.heartbeat ?? 3_000, grace: options.grace ?? 10_000, stopping },
      );
      return context.body(body, 200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
      });
    });
  for (const path of PASSED)
    app.post(path, async context => {
      const signal = AbortSignal.any([context.req.raw.signal, stopping]);
      const text = await gateway.once({ path, signal, ...(await callOf(context)) });
      return context.body(text, 200, { 'content-type': 'application/json' });
    });
  return app;
}

const fault = (error: DeckhandError): string => `data: ${JSON.stringify(openAiFault(error).body)}\n\n`;
/** A fault in the middle is a last message with `error`, and no `[DONE]`. */
const WORDS: StreamWords<string> = {
  message: text => `data: ${text}\n\n`,
  alive: ':\n\n',
  end: 'data: [DONE]\n\n',
  fault,
  stopped: fault,
};

function asModel({ id, owner }: { readonly id: string; readonly owner: string }): object {
  return { id, object: 'model', created: 0, owned_by: owner };
}

function faultAnswer(context: Context, error: DeckhandError): Response {
  const { status, body, headers } = openAiFault(error);
  return context.json(body, status as 400, headers);
}

async function callOf(context: Context<Environment>): Promise<Pick<PassedCall, 'body' | 'client'>> {
  let body: unknown;
  try {
    body = await context.req.json();
  } catch {
    throw new DeckhandError('input.invalid', 'The body is no JSON.', { details: { field: 'body' } });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new DeckhandError('input.invalid', 'The body is no JSON object.', { details: { field: 'body' } });
  const fields = body as Readonly<Record<string, unknown>>;
  const model = fields['model'];
  if (model !== undefined && typeof model !== 'string')
    throw new DeckhandError('input.invalid', 'model: is no text.', { details: { field: 'model' } });
  const user = fields['user'];
  // a program may have many connections; it says who it is, or each connection counts as one
  const client =
    context.req.header('x-client-id') ??
    (typeof user === 'string' ? user : `${context.env?.incoming?.socket?.remotePort ?? 'unknown'}`);
  return { body: fields, client };
}

/**
 * A page of another site must not get here, neither by its own requests (Origin) nor by a name that was pointed at
 * this machine (Host).
 */
const onlyFromHere: MiddlewareHandler = async (context, next) => {
  const host = context.req.header('host') ?? '';
  const origin = context.req.header('origin');
  const isOurs = origin === undefined || isLocalOrigin(origin);
  if (!LOOPBACK.test(host) || !isOurs)
    throw new DeckhandError(
      'endpoint.refused-origin',
      isOurs ? `Host '${host}' is not this machine.` : `Origin '${origin}' may not use the endpoint.`,
    );
  if (origin !== undefined) {
    context.header('access-control-allow-origin', origin);
    context.header('vary', 'origin');
    if (context.req.method === 'OPTIONS')
      return context.body(null, 204, {
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': context.req.header('access-control-request-headers') ?? '',
      });
  }
  await next();
  return undefined;
};

function isLocalOrigin(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && /^https?:$/.test(url.protocol) && LOOPBACK.test(url.host);
}

function authorise(token: string): MiddlewareHandler {
  return async (context, next) => {
    const bearer = /^Bearer (.*)$/i.exec(context.req.header('authorization') ?? '')?.[1];
    if (!sameSecret(bearer ?? context.req.header('x-api-key'), token))
      throw new DeckhandError('api.unauthorised', 'The request carries no valid token.', {
        hint: '`deckhand serve --status` names the file that holds it.',
      });
    await next();
  };
}
