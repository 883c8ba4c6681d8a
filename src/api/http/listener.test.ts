import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from 'vitest';
import { requestListener } from './listener.ts';

it('lets a caller who sends far more than is taken write it all, and read why it was refused', async () => {
  const fetch = (): Response => new Response('too large', { status: 413 });
  const listener = requestListener({ fetch });
  await using server = createServer((request, response) => void listener(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const piece = Buffer.alloc(1024 * 1024);
  const pieces = 100;
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${pieces * piece.length}\r\n\r\n`);
  for (let sent = 0; sent < pieces; sent += 1)
    await new Promise<void>((resolve, reject) =>
      socket.write(piece, error => (error ? reject(error) : resolve())),
    );
  // only now it reads
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
  socket.destroy();
  server.closeAllConnections();
});
