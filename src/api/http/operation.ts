import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { z } from '../../core/schema.ts';
import type { PaceOptions } from '../paced-stream.ts';
import { type Caller, mayDo } from '../caller.ts';
import type { TaskApi } from '../task-api.ts';
import { errorAnswer } from './answer-schemas.ts';
import { RIGHTS } from './rights.ts';

export interface HttpEnvironment {
  readonly Variables: {
    requestId: string;
    caller: Caller;
    /** Known once the route was found. */
    operation?: OperationName;
    /** For the audit: what it is about, where the path does not say it. */
    subject?: string;
  };
}
export type HttpApp = OpenAPIHono<HttpEnvironment>;

/** What every group of routes gets. */
export interface RouteParts {
  readonly app: HttpApp;
  /** The engine as this request sees it. */
  readonly apiOf: (context: Context<HttpEnvironment>) => TaskApi;
  readonly stream: PaceOptions;
}

/** How a stream is sent to whoever asks: it ends with the session that it was asked in. */
export function paceFor({ stream }: RouteParts, { var: { caller } }: Context<HttpEnvironment>): PaceOptions {
  const ends = [stream.stopping, caller.ended].filter(signal => signal !== undefined);
  return ends.length === 0 ? stream : { ...stream, stopping: AbortSignal.any(ends) };
}

/** A method of the contract, or what only the door knows. */
export type OperationName = Exclude<keyof TaskApi, symbol> | 'login' | 'session' | 'logout';

/** A method of the contract as one HTTP operation. `id` is the method's name. */
export interface Operation<Path extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly id: OperationName;
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** `{name}` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly parameters?: Path;
  readonly query?: Query;
  readonly body?: Body;
  /** What the answer looks like; for the description only, the engine's word is not checked again. */
  readonly answer: z.ZodType;
  /** True: the answer may also be, or always is, an event stream. */
  readonly streams?: 'may' | 'always';
  /** A value for JSON, or a finished response. */
  readonly carryOut: (call: {
    readonly parameters: z.output<Path>;
    readonly query: z.output<Query>;
    readonly body: z.output<Body>;
    readonly api: TaskApi;
    readonly context: Context<HttpEnvironment>;
  }) => Promise<unknown>;
}

/** Registers an operation: validation, description and handler come from this one place. */
export function register<
  Path extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
>(parts: RouteParts, operation: Operation<Path, Query, Body>): void {
  const { parameters, query, body } = operation;
  const route = createRoute({
    method: operation.method,
    path: operation.path,
    operationId: operation.id,
    summary: operation.summary,
    tags: [operation.path.split('/')[2] ?? ''],
    // before the body is read: who may not ask is not told what is wrong with the question
    middleware: guard(operation.id),
    request: {
      ...(parameters && { params: parameters as never }),
      ...(query && { query: query as never }),
      ...(body && { body: { required: true, content: { 'application/json': { schema: body } } } }),
    },
    responses: {
      200: { description: 'Done.', content: contentOf(operation) },
      default: { description: 'A fault.', content: { 'application/json': { schema: errorAnswer } } },
    },
  });
  parts.app.openapi(route, (async (context: Context<HttpEnvironment>) => {
    const valid = (target: 'param' | 'query' | 'json'): unknown => context.req.valid(target as never);
    const answer = await operation.carryOut({
      parameters: (parameters ? valid('param') : undefined) as z.output<Path>,
      query: (query ? valid('query') : undefined) as z.output<Query>,
      body: (body ? valid('json') : undefined) as z.output<Body>,
      // signing in asks nothing of the engine, and nobody is known yet who could
      get api() {
        return parts.apiOf(context);
      },
      context,
    });
    return answer instanceof Response ? answer : context.json(answer ?? {});
  }) as never);
}

/** Lets the callers through who may. Throws `api.forbidden`. */
function guard(id: OperationName): MiddlewareHandler<HttpEnvironment> {
  return async (context, next) => {
    context.set('operation', id);
    const right = RIGHTS[id as keyof typeof RIGHTS];
    const { caller } = context.var;
    if (right !== 'anyone' && !mayDo(caller, right))
      throw new DeckhandError(
        'api.forbidden',
        `${caller.who} is ${caller.role}, and '${id}' is not for it.`,
        {
          details: { operation: id, needs: right, role: caller.role },
        },
      );
    await next();
  };
}

function contentOf(operation: {
  readonly answer: z.ZodType;
  readonly streams?: 'may' | 'always';
}): Record<string, { schema: z.ZodType }> {
  const plain = { 'application/json': { schema: operation.answer } };
  const stream = { 'text/event-stream': { schema: operation.answer } };
  if (operation.streams === 'always') return stream;
  return operation.streams === 'may' ? { ...plain, ...stream } : plain;
}
