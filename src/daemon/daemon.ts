import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { cpus, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { buildHttpApp, type ServedRequest } from '../api/http/app.ts';
import type { AuditedCall } from '../api/http/audited.ts';
import { requestListener } from '../api/http/listener.ts';
import type { HttpApp } from '../api/http/operation.ts';
import { serveTerminals } from '../api/terminal/serve-terminals.ts';
import type { WebDoor } from '../api/web/door.ts';
import { systemClock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { openSqliteStore } from '../store/sqlite/open-store.ts';
import type { Store } from '../store/store.ts';
import { consoleOfSettings } from './access/console-of-settings.ts';
import { openDoors } from './access/doors.ts';
import { CallAudit } from './access/keep-audit.ts';
import { openEngine } from './engine.ts';
import { executorProcess } from './executor-process.ts';
import { openRegistry } from './open-registry.ts';
import { makePrivateFolder, type Places } from './places.ts';
import { auditLogBeside } from './policy-gate.ts';
import { packageVersion } from './version.ts';

const MOST_EXECUTORS = 4;

export interface RunDaemonOptions {
  readonly places: Places;
  /** Aborted: stop claiming, let go of what runs on hosts, end. */
  readonly signal: AbortSignal;
  /** One line of the log. */
  readonly log: (line: string) => void;
}

/**
 * Is the daemon until the signal is aborted. Who owns the store owns the socket: a socket that an ended
 * daemon left behind is removed. Throws `daemon.already-running` and what the store throws.
 */
export async function runDaemon({ places, signal, log }: RunDaemonOptions): Promise<void> {
  const version = packageVersion();
  makePrivateFolder(places.folder);
  const store = await ownStore(places.folder);
  const owner = userInfo().username;
  const onTrouble = (error: DeckhandError): void => log(`trouble ${error.code} ${error.message}`);
  const appOf = (door?: WebDoor): HttpApp =>
    buildHttpApp({
      ...engine,
      version,
      owner,
      stopping: signal,
      onServed: served => {
        if (served.status >= 400) log(lineOf(served));
      },
      ...(audit && { audit: async call => await keepCall(audit, call, onTrouble) }),
      ...(door && { door }),
    });
  const terminalsOf = (door?: WebDoor): ReturnType<typeof serveTerminals> =>
    serveTerminals({
      forRequest: (requestId, caller) => engine.forRequest(requestId, caller),
      owner,
      stopping: signal,
      ...(audit && { audit: async call => await keepCall(audit, call, onTrouble) }),
      ...(door && { door }),
    });
  const auditLog = auditLogBeside(store.location);
  const audit = auditLog && new CallAudit(auditLog, systemClock);
  const doors = await openDoors({
    store,
    clock: systemClock,
    owner,
    serve: door => {
      const listener = requestListener(appOf(door));
      return { request: (request, response) => void listener(request, response), upgrade: terminalsOf(door) };
    },
  });
  const engine = await openEngine({
    doors,
    store,
    registry: await openRegistry(),
    startExecutor: executorProcess,
    executors: Math.min(Math.max(cpus().length, 1), MOST_EXECUTORS),
    version,
    folder: places.folder,
    onTrouble,
  });
  const listener = requestListener(appOf());
  const server = createServer((request, response) => void listener(request, response));
  server.on('upgrade', terminalsOf());
  // first the doors: whoever sees the socket finds them open
  await doors.console.restore(await consoleOfSettings(), onTrouble);
  await listen(server, places.socket);
  log(`ready pid ${process.pid} version ${version} socket ${places.socket}`);
  if (!signal.aborted)
    await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
  log('stopping');
  server.close();
  await doors[Symbol.asyncDispose]();
  await audit?.settled();
  await engine.api[Symbol.asyncDispose]();
  server.closeAllConnections();
  rmSync(places.socket, { force: true });
  log('stopped');
}

/** An audit log that cannot be written is told; what was done is in the store all the same. */
async function keepCall(
  audit: CallAudit,
  call: AuditedCall,
  onTrouble: (error: DeckhandError) => void,
): Promise<void> {
  try {
    await audit.keep(call);
  } catch (thrown) {
    onTrouble(toDeckhandError(thrown));
  }
}

async function ownStore(folder: string): Promise<Store> {
  try {
    return await openSqliteStore({ folder, now: () => Date.now(), serves: true });
  } catch (error) {
    if (!(error instanceof DeckhandError) || error.code !== 'store.locked') throw error;
    throw new DeckhandError('daemon.already-running', error.message, {
      details: error.details,
      cause: error,
    });
  }
}

async function listen(server: Server, socket: string): Promise<void> {
  makePrivateFolder(dirname(socket));
  rmSync(socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  chmodSync(socket, 0o600);
}

function lineOf({ requestId, method, path, status, duration, error }: ServedRequest): string {
  const why = error ? ` ${error.code} ${error.message}` : '';
  return sanitiseText(`${requestId} ${method} ${path} ${status} ${Math.round(duration)} ms${why}`).replaceAll(
    '\n',
    ' ',
  );
}
