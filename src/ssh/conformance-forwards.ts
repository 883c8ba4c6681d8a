import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoint } from '../core/endpoint.ts';
import type { ConformanceCase } from './conformance.ts';
import type { SshConnection } from './connection.ts';

const { signal } = new AbortController();
const MEBIBYTE = 1024 * 1024;

/** What every engine must do with connections through it; the host is its own target. */
export const FORWARD_CASES: readonly ConformanceCase[] = [
  {
    title: 'forwards: a connection to where the host listens for us goes round, each side ending on its own',
    run: async connection => {
      await withEcho(connection, { host: '127.0.0.1', port: 0 }, async endpoint => {
        assert.ok('port' in endpoint && endpoint.port > 0, 'the host chose no port');
        const sent = pattern(3 * MEBIBYTE);
        assert.ok((await through(connection, endpoint, sent)).equals(sent));
      });
    },
  },
  {
    title: 'forwards: the same over unix sockets, and closing ends the listening',
    run: async connection => {
      const path = `/tmp/dh-forward-${process.pid}-${Date.now()}`;
      // an extension of OpenSSH's that other servers lack
      if (!/OpenSSH/.test(connection.serverVersion)) {
        const refused = connection.listenOnHost({ path }, reset, { signal });
        await assert.rejects(refused, { code: 'tunnel.listen-refused' });
        return;
      }
      try {
        await withEcho(connection, { path }, async endpoint => {
          const sent = pattern(100_000);
          assert.ok((await through(connection, endpoint, sent)).equals(sent));
        });
        await assert.rejects(connection.openForward({ path }, { signal }), { code: 'tunnel.target-refused' });
      } finally {
        await connection.execute(`rm -f ${path}`, { signal });
      }
    },
  },
  {
    title: 'forwards: 200 connections at the same time, beyond MaxSessions',
    run: async connection => {
      await withEcho(connection, { host: '127.0.0.1', port: 0 }, async endpoint => {
        const texts = Array.from({ length: 200 }, (_, index) => Buffer.from(`number ${index}`));
        const answers = await Promise.all(texts.map(async text => await through(connection, endpoint, text)));
        assert.deepEqual(answers.map(String), texts.map(String));
      });
    },
  },
  {
    title: 'forwards: a reader that does not read stops the sender, and loses nothing',
    run: async connection => {
      const arrived = Promise.withResolvers<Duplex>();
      await using listener = await connection.listenOnHost(
        { host: '127.0.0.1', port: 0 },
        stream => arrived.resolve(stream),
        { signal },
      );
      const stream = await connection.openForward(listener.endpoint, { signal });
      const slow = await arrived.promise;
      // both end with the connection, after all was seen
      for (const end of [slow, stream]) end.on('error', () => undefined);
      slow.pause();
      const piece = pattern(MEBIBYTE);
      for (let sent = 0; sent < 64; sent += 1) stream.write(piece);
      stream.end();
      // time for all that the windows and buffers on the way take
      await connection.execute('sleep 0.5', { signal });
      assert.ok(stream.writableLength > 16 * MEBIBYTE, 'nothing waits for the reader');
      let received = 0;
      for await (const bytes of slow) received += (bytes as Buffer).length;
      assert.equal(received, 64 * MEBIBYTE);
      slow.end();
    },
  },
  {
    title: 'forwards: a port where nothing listens is refused, typed; an aborted opening too',
    run: async connection => {
      const listener = await connection.listenOnHost({ host: '127.0.0.1', port: 0 }, reset, { signal });
      const { endpoint } = listener;
      await assert.rejects(
        connection.listenOnHost(endpoint, reset, { signal }),
        (error: { code?: unknown }) =>
          ['tunnel.port-busy', 'tunnel.listen-refused'].includes(String(error.code)),
      );
      await listener.close();
      // dropbear does not give up a port that it chose itself
      const closed = /OpenSSH/.test(connection.serverVersion) ? endpoint : { host: '127.0.0.1', port: 1 };
      await assert.rejects(connection.openForward(closed, { signal }), { code: 'tunnel.target-refused' });
      const aborted = connection.openForward(endpoint, { signal: AbortSignal.abort() });
      await assert.rejects(aborted, { code: 'command.cancelled' });
    },
  },
  {
    title: 'forwards: destroys what is open with the reason when the connection is closed',
    run: async connection => {
      const arrived = Promise.withResolvers<Duplex>();
      const listener = await connection.listenOnHost(
        { host: '127.0.0.1', port: 0 },
        stream => arrived.resolve(stream),
        { signal },
      );
      const stream = await connection.openForward(listener.endpoint, { signal });
      const other = await arrived.promise;
      other.resume();
      const ended = new Promise(resolve => {
        stream.once('error', resolve);
        stream.once('close', () => resolve(undefined));
      });
      const otherClosed = once(other, 'close').catch(() => undefined);
      other.end();
      await connection.close();
      assert.equal(((await ended) as { code?: unknown } | undefined)?.code, 'ssh.connection-lost');
      await otherClosed;
      await listener.close();
      await assert.rejects(connection.openForward(listener.endpoint, { signal }), {
        code: 'ssh.connection-lost',
      });
      if ('port' in listener.endpoint && connection.host.address.startsWith('127.')) {
        const { port } = listener.endpoint;
        // the server learns of the end a moment later than we do
        while (await listensAt(port)) await pause(20);
      }
    },
  },
];

async function listensAt(port: number): Promise<boolean> {
  const probe = connect({ port, host: '127.0.0.1' });
  return await new Promise(resolve => {
    probe.once('connect', () => resolve(true)).on('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
}

/** The host listens; whatever arrives there is given back. */
async function withEcho(
  connection: SshConnection,
  endpoint: Endpoint,
  work: (endpoint: Endpoint) => Promise<void>,
): Promise<void> {
  await using listener = await connection.listenOnHost(
    endpoint,
    stream => {
      stream.on('error', () => undefined);
      stream.pipe(stream);
    },
    { signal },
  );
  await work(listener.endpoint);
}

/** Sends, ends its own side, and reads until the other ends. */
async function through(connection: SshConnection, target: Endpoint, bytes: Uint8Array): Promise<Buffer> {
  const stream = await connection.openForward(target, { signal });
  stream.end(bytes);
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function pattern(length: number): Buffer {
  return Buffer.from(new Uint8Array(length).map((_, index) => (index * 31 + (index >> 8)) % 256));
}

function reset(stream: Duplex): void {
  stream.destroy();
}
