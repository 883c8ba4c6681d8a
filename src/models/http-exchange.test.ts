import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { type HttpCall, sendOver } from './http-exchange.ts';

/** What becomes of a request to which these bytes are answered. */
async function answered(bytes: string, signal = AbortSignal.timeout(60_000)): Promise<unknown> {
  const server = createServer(socket => {
    socket.on('error', () => {}).once('data', () => socket.write(bytes));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const call: HttpCall = {
    method: 'GET',
    path: '/',
    signal,
    headers: { host: 'localhost' },
    body: undefined,
    key: undefined,
    fault: error => new Error(`broken: ${error.message}`),
  };
  try {
    const dial = async () => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    };
    const response = await sendOver(dial, call).catch((error: unknown) => error);
    if (response instanceof Error) return response.message;
    const { statusCode, destroy } = response as { statusCode: number; destroy: () => void };
    destroy.call(response);
    return statusCode;
  } finally {
    server.close();
  }
}

it('is a fault when the server takes the connection for something else', async () => {
  expect(await answered('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n')).toBe(200);
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n';
  expect(await answered(switching)).toBe('broken: it ended without an answer');
});
