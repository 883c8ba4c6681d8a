import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { parse } from 'hono/utils/cookie';
import { WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type Caller, mayDo } from '../caller.ts';
import type { AuditedCall } from '../http/audited.ts';
import { callerOfSocket } from '../http/caller-of-socket.ts';
import { faultOf, statusOf } from '../http/faults.ts';
import { RIGHTS } from '../http/rights.ts';
import type { TaskApi } from '../task-api.ts';
import { callerOf, refusedAddress, type WebDoor } from '../web/door.ts';
import { ADDRESS_RATE, RateLimit } from '../web/rate-limit.ts';
import { LARGEST_MESSAGE, TERMINAL_PROTOCOL } from './frames.ts';
import { serveSocket } from './serve-socket.ts';

const PATH = /^\/v1\/hosts\/([^/]{1,900})\/terminal$/;
const TICKET = /^[\w-]{20,100}$/;

export interface ServeTerminalsOptions {
  /** The engine as one request sees it. */
  readonly forRequest: (requestId: string, caller: Caller) => TaskApi;
  /** Who may come in. Absent: whoever can connect is the owner. */
  readonly door?: WebDoor;
  readonly owner: string;
  /** Keeps who was refused; what was let in is kept by the terminals themselves. */
  readonly audit?: (call: AuditedCall) => Promise<void>;
  /** Aborted: every terminal is let go of. */
  readonly stopping: AbortSignal;
  /** Milliseconds between two looks whether the caller may still be there; default 2 000. */
  readonly recheck?: number;
  /** Milliseconds between two signs of life; default 20 000. */
  readonly heartbeat?: number;
  readonly clock?: Clock;
}

/** For `upgrade` of a `node:http` server: terminals, and nothing else. */
export function serveTerminals(
  options: ServeTerminalsOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { recheck = 2_000, heartbeat = 20_000, clock = systemClock, stopping } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_MESSAGE,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: offered => offered.has(TERMINAL_PROTOCOL) && TERMINAL_PROTOCOL,
  });
  const rate = new RateLimit(ADDRESS_RATE);
  const attach = async (
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    admitted: Admitted,
  ): Promise<void> => {
    const { caller, host, ticket, after } = admitted;
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, stopping]);
    socket.once('close', () => gone.abort());
    const api = options.forRequest(admitted.requestId, caller);
    const line = await api.attachTerminal(host, ticket, { signal, after });
    sockets.handleUpgrade(request, socket, head, opened => {
      opened.once('close', () => gone.abort());
      const stillMay = async (): Promise<boolean> => await isStill(options, request, caller);
      void serveSocket(opened, line, { signal, stillMay, recheck, heartbeat, clock });
    });
  };
  return (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const about: About = {
      requestId: randomUUID(),
      path: (request.url ?? '').split('?', 1)[0] ?? '',
      caller: null,
    };
    admit(options, rate, request, about)
      .then(async admitted => await attach(request, socket, head, admitted))
      .catch(async (thrown: unknown) => {
        const error = faultOf(thrown);
        await options.audit?.(refusal(about, error)).catch(() => undefined);
        refuse(socket, error);
      });
  };
}

interface About {
  readonly requestId: string;
  readonly path: string;
  caller: Caller | null;
}
interface Admitted {
  readonly requestId: string;
  readonly caller: Caller;
  readonly host: string;
  readonly ticket: string;
  readonly after: number;
}

/** Throws what the door says: the same as to any other request. */
async function admit(
  options: ServeTerminalsOptions,
  rate: RateLimit,
  request: IncomingMessage,
  about: About,
): Promise<Admitted> {
  const { door } = options;
  const { host: name, origin } = request.headers;
  if (door) {
    const refused = refusedAddress(door, { host: name, origin });
    if (refused) throw refused;
    rate.take(request.socket.remoteAddress ?? '', performance.now());
  }
  const found = PATH.exec(about.path);
  if (!found)
    throw new DeckhandError('api.unknown-route', `There is no WebSocket ${about.path.slice(0, 200)}.`);
  const caller = await whoAsks(options, request);
  about.caller = caller;
  if (!mayDo(caller, 'operate') || RIGHTS.attachTerminal !== 'operate')
    throw new DeckhandError(
      'api.forbidden',
      `${caller.who} is ${caller.role}, and terminals are not for it.`,
    );
  const [protocol, ticket = ''] = (request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
  if (protocol !== TERMINAL_PROTOCOL || !TICKET.test(ticket))
    throw new DeckhandError(
      'terminal.ticket-invalid',
      `Offer the protocols ${TERMINAL_PROTOCOL} and the ticket.`,
    );
  const after = Number(/[?&]after=(\d{1,15})(?:&|$)/.exec(request.url ?? '')?.[1] ?? 0);
  return { requestId: about.requestId, caller, host: decoded(found[1] ?? ''), ticket, after };
}

async function whoAsks(options: ServeTerminalsOptions, request: IncomingMessage): Promise<Caller> {
  const { door, owner } = options;
  const { authorization, cookie = '', origin } = request.headers;
  if (!door) {
    const as = request.headers['deckhand-as'];
    return callerOfSocket(owner, Array.isArray(as) ? as[0] : as);
  }
  const name = door.cookieName();
  const { caller, secret } = await callerOf(door, { authorization, cookie: parse(cookie, name)[name] });
  // browsers say where a page is from; whoever comes with a cookie and does not is none of our pages
  if (secret !== null && origin === undefined)
    throw new DeckhandError('api.refused-origin', 'The request does not say which page it comes from.');
  return caller;
}

/** Whether the same caller would be let in again. */
async function isStill(
  options: ServeTerminalsOptions,
  request: IncomingMessage,
  before: Caller,
): Promise<boolean> {
  try {
    const caller = await whoAsks(options, request);
    return caller.who === before.who && mayDo(caller, 'operate');
  } catch {
    return false;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new DeckhandError('input.invalid', 'path.host: is not a name.', {
      details: { field: 'path.host' },
    });
  }
}

function refusal({ requestId, path, caller }: About, error: DeckhandError): AuditedCall {
  return {
    who: caller?.who ?? 'nobody',
    via: caller?.via ?? null,
    operation: 'attachTerminal',
    route: `GET ${path.slice(0, 300)}`,
    subject: '',
    outcome: 'refused',
    code: error.code,
    requestId,
  };
}

/** As an answer of HTTP: the socket is no WebSocket yet. */
function refuse(socket: Duplex, error: DeckhandError): void {
  const body = JSON.stringify({ error });
  const head = [
    `HTTP/1.1 ${statusOf(error)} Refused`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
