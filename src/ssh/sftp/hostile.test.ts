import { Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { DeckhandError } from '../../core/deckhand-error.ts';
import { PacketSplitter } from './packet-splitter.ts';
import { REPLY, REQUEST } from './protocol-numbers.ts';
import { readRange } from './read-range.ts';
import { SftpClient } from './sftp-client.ts';
import { SftpSession } from './sftp-session.ts';
import { encodePacket, type Field, string, uint32, uint64, WireReader } from './wire.ts';

const { signal } = new AbortController();

interface Request {
  readonly type: number;
  readonly id: number;
  readonly body: WireReader;
}
type Answer = (request: Request, server: FakeServer) => void;

/** A server that greets and then answers as it is told. */
class FakeServer {
  readonly channel: Duplex;
  readonly #stream: Duplex;

  constructor(answer: Answer, greeting: Uint8Array = greet()) {
    const [client, server] = duplexPair();
    this.channel = client;
    this.#stream = server;
    const splitter = new PacketSplitter(pieces => {
      const packet = Buffer.concat(pieces);
      if (packet[0] === REQUEST.init) this.bytes(greeting);
      else
        answer({ type: packet[0] ?? 0, id: packet.readUInt32BE(1), body: new WireReader(packet, 5) }, this);
    });
    server.on('data', (bytes: Buffer) => splitter.add(bytes));
  }

  bytes(bytes: Uint8Array): void {
    if (this.#stream.writable) this.#stream.write(bytes);
  }
  reply(type: number, id: number, ...fields: Field[]): void {
    this.bytes(encodePacket(type, id, fields));
  }
  status(id: number, code: number, message = ''): void {
    this.reply(REPLY.status, id, uint32(code), string(message), string(''));
  }
  end(): void {
    this.#stream.end();
  }
}

function greet(...extensions: string[]): Buffer {
  const fields = extensions.flatMap(name => [string(name), string('1')]);
  return encodePacket(REPLY.version, 3, fields);
}

async function clientOf(answer: Answer, greeting?: Uint8Array): Promise<SftpClient> {
  const { channel } = new FakeServer(answer, greeting);
  return new SftpClient(await SftpSession.start(channel, { hostName: 'fake', signal }));
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'no error',
    (error: DeckhandError) => error.code,
  );
}

const start = (greeting: Uint8Array): Promise<unknown> =>
  SftpSession.start(new FakeServer(() => undefined, greeting).channel, { hostName: 'fake', signal });

describe('a greeting', () => {
  it('of a shell that prints is transfer.protocol with its first letters', async () => {
    await expect(start(Buffer.from('Last login: today\n'))).rejects.toMatchObject({
      code: 'transfer.protocol',
      message: expect.stringContaining('"Last"') as string,
    });
  });

  it('of another version is transfer.unsupported', async () => {
    expect(await codeOf(start(encodePacket(REPLY.version, 6, [])))).toBe('transfer.unsupported');
  });

  it('that never comes: the server ends, the caller aborts', async () => {
    const ended = new FakeServer(() => undefined, new Uint8Array(0));
    const starting = codeOf(SftpSession.start(ended.channel, { hostName: 'fake', signal }));
    ended.end();
    expect(await starting).toBe('transfer.unsupported');
    const silent = new FakeServer(() => undefined, new Uint8Array(0));
    const controller = new AbortController();
    const waiting = codeOf(
      SftpSession.start(silent.channel, { hostName: 'fake', signal: controller.signal }),
    );
    controller.abort();
    expect(await waiting).toBe('command.cancelled');
    expect(silent.channel.destroyed).toBe(true);
  });

  it('with strange limits is held within ours', async () => {
    const answer =
      (...limits: number[]): Answer =>
      ({ id }, server) =>
        server.reply(REPLY.extended, id, ...limits.map(uint64));
    const greeting = greet('limits@openssh.com');
    const big = await clientOf(answer(2 ** 50, 2 ** 50, 2 ** 50, 2 ** 50), greeting);
    expect(big.limits).toEqual({ read: 261_120, write: 261_120, handles: 2 ** 50 });
    const none = await clientOf(answer(0, 0, 0, 0), greeting);
    expect(none.limits).toEqual({ read: 261_120, write: 261_120, handles: null });
    const refused = await clientOf(({ id }, server) => server.status(id, 8), greeting);
    expect(refused.limits).toEqual({ read: 32_768, write: 32_768, handles: null });
  });
});

describe('an answer that breaks the protocol ends the session', () => {
  const BAD: readonly (readonly [string, Answer])[] = [
    ['an unknown id', ({ id }, server) => server.status(id + 1, 0)],
    ['another type', ({ id }, server) => server.reply(REPLY.handle, id, string('h'))],
    ['a bare ok', ({ id }, server) => server.status(id, 0)],
    ['an unknown packet', ({ id }, server) => server.reply(77, id)],
    ['a second greeting', (_request, server) => server.bytes(greet())],
    ['a cut field', ({ id }, server) => server.reply(REPLY.attributes, id, uint32(0xf))],
    ['a huge packet', (_request, server) => server.bytes(Buffer.from([0x7f, 0xff, 0xff, 0xff]))],
    ['a packet of nothing', (_request, server) => server.bytes(Buffer.alloc(4))],
  ];
  it.each(BAD)('%s', async (_title, answer) => {
    const client = await clientOf(answer);
    const [first, second] = [codeOf(client.stat('/a')), codeOf(client.stat('/b'))];
    expect(await first).toBe('transfer.protocol');
    expect(await second).toBe('transfer.protocol');
    expect((await client.session.closed)?.code).toBe('transfer.protocol');
    expect(await codeOf(client.stat('/c'))).toBe('transfer.protocol');
  });

  it('more data than asked for, and none', async () => {
    for (const bytes of [100, 0]) {
      const client = await clientOf(({ type, id }, server) => {
        if (type === REQUEST.open) server.reply(REPLY.handle, id, string('h'));
        else server.reply(REPLY.data, id, string(Buffer.alloc(bytes)));
      });
      const file = await client.open('/a', { read: true });
      const reading = readRange(client, file, { length: 50 }).next();
      expect(await codeOf(reading)).toBe('transfer.protocol');
    }
  });
});

describe('a listing', () => {
  const lister = (names: readonly string[], endless = false): Answer => {
    let given = false;
    return ({ type, id }, server) => {
      if (type === REQUEST.opendir) {
        server.reply(REPLY.handle, id, string('h'));
      } else if (type === REQUEST.readdir && (endless || !given)) {
        given = true;
        const entries = names.flatMap(name => [string(name), string(''), uint32(0)]);
        server.reply(REPLY.name, id, uint32(names.length), ...entries);
      } else {
        server.status(id, type === REQUEST.readdir ? 1 : 0);
      }
    };
  };
  const listed = async (client: SftpClient, limit?: number): Promise<string[]> => {
    const names: string[] = [];
    for await (const { name } of client.list('/d', limit === undefined ? {} : { limit })) {
      names.push(Buffer.from(name).toString());
    }
    return names;
  };

  it.each(['../../etc/passwd', '/etc/passwd', 'a/b', 'a\0b', ''])('refuses the name %j', async name => {
    expect(await codeOf(listed(await clientOf(lister(['good', name]))))).toBe('transfer.outside');
  });
  it('leaves . and .. out, keeps the rest', async () => {
    expect(await listed(await clientOf(lister(['.', '..', '...', '.x'])))).toEqual(['...', '.x']);
  });
  it('without end stops at the limit', async () => {
    const client = await clientOf(
      lister(
        Array.from({ length: 100 }, (_, index) => `n${index}`),
        true,
      ),
    );
    expect(await codeOf(listed(client, 10_000))).toBe('transfer.too-many-entries');
  });
  it('of nothing ends', async () => {
    expect(await listed(await clientOf(lister([], true)))).toEqual([]);
  });
});

describe('an abort', () => {
  it('closes a handle that comes late', async () => {
    let opened: Request | undefined;
    const closed = Promise.withResolvers<string>();
    const server = new FakeServer((request, self) => {
      if (request.type === REQUEST.open) opened = request;
      if (request.type === REQUEST.stat) {
        if (opened !== undefined) self.reply(REPLY.handle, opened.id, string('late'));
        self.reply(REPLY.attributes, request.id, uint32(0));
      }
      if (request.type === REQUEST.close) closed.resolve(request.body.string().toString());
    });
    const client = new SftpClient(await SftpSession.start(server.channel, { hostName: 'fake', signal }));
    const controller = new AbortController();
    const opening = codeOf(client.open('/a', { read: true, signal: controller.signal }));
    controller.abort();
    expect(await opening).toBe('command.cancelled');
    await client.stat('/b');
    expect(await closed.promise).toBe('late');
  });

  it('and the end of the server fail what is in flight', async () => {
    const server = new FakeServer(() => undefined);
    const client = new SftpClient(await SftpSession.start(server.channel, { hostName: 'fake', signal }));
    const waiting = codeOf(client.stat('/a'));
    server.end();
    expect(await waiting).toBe('ssh.connection-lost');
  });
});

describe('reading', () => {
  /** A file of `size` bytes from a server that gives at most `most` at a time. */
  const server =
    (size: number, most: number, onRead: () => void = () => undefined): Answer =>
    ({ type, id, body }, fake) => {
      if (type === REQUEST.open) {
        fake.reply(REPLY.handle, id, string('h'));
      } else if (type === REQUEST.read) {
        onRead();
        body.string();
        const offset = Number(body.uint64());
        const length = Math.min(body.uint32(), most, size - offset);
        if (length <= 0) fake.status(id, 1);
        else fake.reply(REPLY.data, id, string(contents(offset, length)));
      } else {
        fake.status(id, 0);
      }
    };
  const contents = (offset: number, length: number): Buffer =>
    Buffer.from(Uint8Array.from({ length }, (_, index) => ((offset + index) * 7) & 0xff));

  it('asks again for what a server left out', async () => {
    const client = await clientOf(server(200_000, 10_007));
    const file = await client.open('/a', { read: true });
    const pieces: Uint8Array[] = [];
    for await (const part of readRange(client, file)) pieces.push(...part.pieces);
    expect(Buffer.concat(pieces).equals(contents(0, 200_000))).toBe(true);
  });

  it('a slow consumer holds the server back', async () => {
    let requests = 0;
    const client = await clientOf(server(100 * 1024 * 1024, 32_768, () => (requests += 1)));
    const file = await client.open('/a', { read: true });
    const parts = readRange(client, file, { length: 100 * 1024 * 1024 });
    await parts.next();
    // Everything that was asked for is answered by the time this is.
    await client.setAttributes('/a', {});
    expect(requests).toBeLessThanOrEqual(33);
    await parts.return(undefined);
  });
});
