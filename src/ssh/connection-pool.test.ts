import { describe, expect, it } from 'vitest';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { SshConnection, SshEngine } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { ResolvedHost } from './resolved-host.ts';

class FakeConnection {
  readonly engine = 'fake';
  readonly #end = Promise.withResolvers<DeckhandError | undefined>();
  readonly closed = this.#end.promise;
  readonly close = (): Promise<void> => {
    this.#end.resolve(undefined);
    return Promise.resolve();
  };
}

function poolOf(): {
  pool: ConnectionPool;
  attempts: { signal: AbortSignal; succeed: () => FakeConnection; fail: () => void }[];
} {
  const attempts: ReturnType<typeof poolOf>['attempts'] = [];
  const engine: SshEngine = {
    name: 'fake',
    connect: (_host, { signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        attempts.push({
          signal,
          succeed: () => {
            const connection = new FakeConnection();
            resolve(connection as unknown as SshConnection);
            return connection;
          },
          fail: () => reject(new DeckhandError('ssh.refused', 'refused')),
        });
      }),
  };
  const pool = new ConnectionPool({
    engine,
    resolve: name => Promise.resolve({ name } as ResolvedHost),
    options: { hostKeys: { acceptUnknown: () => Promise.resolve(false) } },
  });
  return { pool, attempts };
}
const forever = new AbortController().signal;
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('connection pool', () => {
  it('shares one attempt and one connection per host', async () => {
    const { pool, attempts } = poolOf();
    const both = Promise.all([pool.use('web', forever), pool.use('web', forever)]);
    await turn();
    expect(attempts).toHaveLength(1);
    attempts[0]?.succeed();
    const [first, second] = await both;
    expect(first).toBe(second);
    expect(await pool.use('web', forever)).toBe(first);
  });

  it('gives a failure to all who wait, and tries anew for the next', async () => {
    const { pool, attempts } = poolOf();
    const both = Promise.allSettled([pool.use('web', forever), pool.use('web', forever)]);
    await turn();
    attempts[0]?.fail();
    expect((await both).map(one => one.status)).toEqual(['rejected', 'rejected']);
    const next = pool.use('web', forever);
    await turn();
    attempts[1]?.succeed();
    await next;
  });

  it('goes on for others when one gives up, and stops when all did', async () => {
    const { pool, attempts } = poolOf();
    const hurried = new AbortController();
    const gone = pool.use('web', hurried.signal);
    const patient = pool.use('web', forever);
    await turn();
    hurried.abort();
    await expect(gone).rejects.toMatchObject({ code: 'command.cancelled' });
    expect(attempts[0]?.signal.aborted).toBe(false);
    attempts[0]?.succeed();
    await patient;

    const last = new AbortController();
    const alone = pool.use('db', last.signal);
    await turn();
    last.abort();
    await expect(alone).rejects.toMatchObject({ code: 'command.cancelled' });
    expect(attempts[1]?.signal.aborted).toBe(true);
  });

  it('forgets a connection that ended', async () => {
    const { pool, attempts } = poolOf();
    const first = pool.use('web', forever);
    await turn();
    const connection = attempts[0]?.succeed();
    await first;
    await connection?.close();
    await turn();
    const second = pool.use('web', forever);
    await turn();
    attempts[1]?.succeed();
    expect(await second).not.toBe(await first);
  });
});
