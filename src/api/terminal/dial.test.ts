import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { dial } from './dial.ts';

/** An answer to a request for a WebSocket, a message and its end in one piece: that is how a busy machine reads them. */
function answerWith(request: string, message: string): Buffer {
  const key = /sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'upgrade: websocket',
    'connection: upgrade',
    `sec-websocket-accept: ${accept}`,
    'sec-websocket-protocol: words',
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  const [text, end] = [Buffer.from([0x81, message.length]), Buffer.from([0x88, 0])];
  return Buffer.concat([head, text, Buffer.from(message), end]);
}

it('loses nothing that comes along with the answer, before anybody listens', async () => {
  const server = createServer(socket => {
    socket.once('data', request => socket.end(answerWith(request.toString(), 'first words')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const place = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, headers: {} };
  const socket = await dial(place, '/', ['words'], new AbortController().signal);
  const heard = Promise.withResolvers<unknown>();
  socket.addEventListener('message', ({ data }) => heard.resolve(data));
  socket.addEventListener('close', () => heard.resolve('nothing'));
  expect(await heard.promise).toBe('first words');
  server.close();
});
