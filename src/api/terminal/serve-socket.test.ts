import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../core/clock.ts';
import type { AttachedTerminal, TerminalItem } from '../terminal-contract.ts';
import { serveSocket } from './serve-socket.ts';

/** A browser that answers pings, or one that is frozen, on a real socket; only time is the test's. */
const HEARTBEAT = 20_000;
let beats: (() => void)[] = [];
const clock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      if (milliseconds === HEARTBEAT) beats.push(resolve);
    }),
};
const server = new WebSocketServer({ noServer: true });
const http = createServer().on('upgrade', (request, socket, head) =>
  server.handleUpgrade(request, socket, head, opened => server.emit('connection', opened)),
);

beforeEach(async () => {
  beats = [];
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
});
afterEach(async () => {
  http.close();
  await once(http, 'close');
});

/** A terminal that says nothing until it is let go of. */
function silentLine(signal: AbortSignal): AttachedTerminal {
  return {
    async *items(): AsyncGenerator<TerminalItem> {
      await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
      yield* [];
    },
    write: async () => {},
    resize: () => {},
    answer: () => {},
    close: () => {},
  } as unknown as AttachedTerminal;
}

async function connected(autoPong: boolean) {
  const { port } = http.address() as AddressInfo;
  const opened = once(server, 'connection') as Promise<[WebSocket]>;
  const browser = new WebSocket(`ws://127.0.0.1:${port}`, { autoPong });
  const [served] = await opened;
  const gone = new AbortController();
  served.once('close', () => gone.abort());
  const { signal } = gone;
  const options = { signal, stillMay: async () => true, recheck: 1, heartbeat: HEARTBEAT, clock };
  void serveSocket(served, silentLine(signal), options);
  return { browser, served };
}

/** Lets one pause pass; waits for the next to begin. */
async function beat(): Promise<void> {
  const pass = beats.shift();
  pass?.();
  await new Promise<void>(resolve => setImmediate(resolve));
}

it('a frozen browser is let go of at the second sign of life that it does not answer', async () => {
  const { browser, served } = await connected(false);
  const pinged = once(browser, 'ping');
  await beat();
  await pinged;
  expect(served.readyState).toBe(WebSocket.OPEN);
  const closed = once(served, 'close');
  await beat();
  // cut off, not closed politely: nobody is there to say good-bye to
  expect(await closed).toEqual([1006, expect.anything()]);
});

it('a browser that answers stays, however long it is silent', async () => {
  const { browser, served } = await connected(true);
  for (let count = 0; count < 5; count += 1) {
    const answered = once(served, 'pong');
    await beat();
    await answered;
  }
  expect(served.readyState).toBe(WebSocket.OPEN);
  browser.terminate();
  await once(served, 'close');
});
