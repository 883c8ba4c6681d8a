import { randomUUID } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Caller } from '../caller.ts';
import type { TaskApi } from '../task-api.ts';
import { admit, checkAddress, type WebDoor } from '../web/door.ts';
import { limits } from '../web/limits.ts';
import { registerPages } from '../web/pages.ts';
import { registerSessionRoutes } from '../web/session-routes.ts';
import { type AuditedCall, auditedCall } from './audited.ts';
import { callerOfSocket } from './caller-of-socket.ts';
import { registerAccessRoutes } from './access-routes.ts';
import { registerFolderRoutes } from './folder-routes.ts';
import { registerStagingRoutes } from './staging-routes.ts';
import { registerFileRoutes } from './file-routes.ts';
import { faultOf, inputFault, statusOf } from './faults.ts';
import { registerChatRoutes } from './chat-routes.ts';
import { registerFleetRoutes } from './fleet-routes.ts';
import type { HttpApp, HttpEnvironment } from './operation.ts';
import { registerOversightRoutes } from './oversight-routes.ts';
import { registerQueueRoutes } from './queue-routes.ts';
import { registerRunRoutes } from './run-routes.ts';
import { registerPolicyRoutes } from './policy-routes.ts';
import { registerSettingsRoutes } from './settings-routes.ts';
import { registerTaskRoutes } from './task-routes.ts';
import { registerTerminalRoutes } from './terminal-routes.ts';
import { registerWatchRoutes } from './watch-routes.ts';
import { registerTunnelRoutes } from './tunnel-routes.ts';

/** One request as a log should see it: no query, no body. */
export interface ServedRequest {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Milliseconds until the answer began. */
  readonly duration: number;
  /** Set when it failed. */
  readonly error?: DeckhandError;
}

export interface HttpAppOptions {
  readonly api: TaskApi;
  /** Of Deckhand; told in the description and in every answer's `deckhand-version`. */
  readonly version: string;
  /** The engine as one request sees it, so that its id and its caller travel on. Default `api` for all. */
  readonly forRequest?: (requestId: string, caller: Caller) => TaskApi;
  /** Who may come in, where others than the owner can connect. Absent: whoever can connect is the owner. */
  readonly door?: WebDoor;
  /** The owner's account. */
  readonly owner?: string;
  /** Aborted: open streams end so that their followers come back later. */
  readonly stopping?: AbortSignal;
  /** Milliseconds between heartbeats of a silent stream; default 15 000. */
  readonly heartbeat?: number;
  /** Keeps what changed something or was refused; awaited before the answer, but for the owner. */
  readonly audit?: (call: AuditedCall) => Promise<void>;
  /** Called once for each request. */
  readonly onServed?: (served: ServedRequest) => void;
}

/** Bytes of a request's body: 16 MiB of input are 22 MiB in base64, and 1 MiB of parameters. */
const LARGEST_BODY = 24 * 1024 * 1024;
/** Milliseconds in which a stream's first fault still becomes a status. */
const GRACE = 250;
const SANE_REQUEST_ID = /^[\w.:-]{1,100}$/;

const VALIDATED = { json: 'body', query: 'query', param: 'path' } as const;

/** The contract over HTTP. The app holds no state: everything is asked of `api`. */
export function buildHttpApp(options: HttpAppOptions): HttpApp {
  const app: HttpApp = new OpenAPIHono<HttpEnvironment>({
    defaultHook: result => {
      if (!result.success) throw inputFault(VALIDATED[result.target as keyof typeof VALIDATED], result.error);
    },
  });
  app.use(identify(options));
  if (options.door) {
    const { byAddress, byCaller } = limits(() => performance.now());
    app.use(checkAddress(options.door), byAddress, admit(options.door), byCaller);
  }
  app.use(
    bodyLimit({
      maxSize: LARGEST_BODY,
      onError: () => {
        throw new DeckhandError('task.too-large', 'The request is larger than 24 MiB.', {
          details: { limit: LARGEST_BODY },
        });
      },
    }),
  );
  app.onError((thrown, context) => {
    const error = faultOf(thrown);
    const { retryAfter } = error.details;
    if (error.code === 'api.rate-limited') context.header('retry-after', String(retryAfter));
    return context.json({ error }, statusOf(error));
  });
  app.notFound(context => {
    const error = new DeckhandError(
      'api.unknown-route',
      `There is no ${context.req.method} ${context.req.path} in version ${options.version}.`,
      { details: { method: context.req.method, path: context.req.path, version: options.version } },
    );
    return context.json({ error }, statusOf(error));
  });

  const parts = {
    app,
    apiOf: ({ var: { requestId, caller } }: Context<HttpEnvironment>) =>
      options.forRequest?.(requestId, caller) ?? options.api,
    stream: {
      heartbeat: options.heartbeat ?? 15_000,
      grace: GRACE,
      ...(options.stopping && { stopping: options.stopping }),
    },
  };
  registerTaskRoutes(parts);
  registerRunRoutes(parts);
  registerQueueRoutes(parts);
  registerFleetRoutes(parts);
  registerTunnelRoutes(parts);
  registerChatRoutes(parts);
  registerWatchRoutes(parts);
  registerOversightRoutes(parts);
  registerAccessRoutes(parts);
  registerFileRoutes(parts);
  registerFolderRoutes(parts);
  registerStagingRoutes(parts);
  registerSettingsRoutes(parts);
  registerPolicyRoutes(parts);
  registerTerminalRoutes(parts);
  registerSessionRoutes(parts, options.door ?? null);
  if (options.door) registerPages(app, options.door);
  for (const path of ['/v1/openapi.json', '/openapi.json'])
    app.doc31(path, { openapi: '3.1.0', info: { title: 'Deckhand', version: options.version } });
  return app;
}

/** Gives the request its id, names it in the answer, and reports what became of it. */
function identify(options: HttpAppOptions): MiddlewareHandler<HttpEnvironment> {
  return async (context, next) => {
    const begun = performance.now();
    const asked = context.req.header('x-request-id');
    const requestId = asked !== undefined && SANE_REQUEST_ID.test(asked) ? asked : randomUUID();
    context.set('requestId', requestId);
    if (!options.door)
      context.set('caller', callerOfSocket(options.owner ?? '', context.req.header('deckhand-as')));
    await next();
    const { method, path } = context.req;
    const error = context.error && faultOf(context.error);
    const { caller, operation, subject } = context.var as Partial<HttpEnvironment['Variables']>;
    const call = auditedCall({
      requestId,
      method,
      path,
      caller,
      operation,
      subject,
      ...(error && { error }),
    });
    if (call) {
      const kept = options.audit?.(call);
      // what the owner does is kept by the store already
      if (caller?.via !== 'socket') await kept;
    }
    context.header('x-request-id', requestId);
    context.header('deckhand-version', options.version);
    options.onServed?.({
      requestId,
      method,
      path,
      status: context.res.status,
      duration: performance.now() - begun,
      ...(error && { error }),
    });
  };
}
