import { describe, expect, it } from 'vitest';
import type { Clock } from '../core/clock.ts';
import { KeptConnections } from './kept-connections.ts';
import type { SshConnection } from './connection.ts';

class FakeConnection {
  isClosed = false;
  readonly #end = Promise.withResolvers<undefined>();
  readonly closed = this.#end.promise;
  readonly close = (): Promise<void> => {
    this.isClosed = true;
    this.#end.resolve(undefined);
    return Promise.resolve();
  };
}

/** Lets all that sleeps wake up when it is told. */
class StoppedClock implements Pick<Clock, 'sleep'> {
  readonly #wake = new Set<() => void>();
  readonly sleep: Clock['sleep'] = (_, signal) =>
    new Promise((resolve, reject) => {
      this.#wake.add(resolve);
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });

  async pass(): Promise<void> {
    for (const wake of this.#wake) wake();
    await new Promise(resolve => setImmediate(resolve));
  }
}

function kept(): {
  connections: KeptConnections;
  opened: FakeConnection[];
  connect: () => Promise<SshConnection>;
  clock: StoppedClock;
} {
  const clock = new StoppedClock();
  const opened: FakeConnection[] = [];
  const connect = (): Promise<SshConnection> => {
    const connection = new FakeConnection();
    opened.push(connection);
    return Promise.resolve(connection as unknown as SshConnection);
  };
  const connections = new KeptConnections({ clock: clock as unknown as Clock, keepFor: 1000 });
  return { connections, opened, connect, clock };
}

describe('kept connections', () => {
  it('lends the same one again, and never to two at once', async () => {
    const { connections, opened, connect } = kept();
    const first = await connections.take('web', connect);
    const beside = await connections.take('web', connect);
    expect(beside.connection).not.toBe(first.connection);
    await first[Symbol.asyncDispose]();
    const again = await connections.take('web', connect);
    expect(again.connection).toBe(first.connection);
    await connections.take('other', connect);
    expect(opened).toHaveLength(3);
  });

  it('keeps one of those that were used at the same time', async () => {
    const { connections, opened, connect } = kept();
    const both = [await connections.take('web', connect), await connections.take('web', connect)];
    for (const one of both) await one[Symbol.asyncDispose]();
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false, true]);
  });

  it('lends none that has ended, in use or while nobody used it', async () => {
    const { connections, opened, connect } = kept();
    const first = await connections.take('web', connect);
    await first.connection.close();
    await first[Symbol.asyncDispose]();
    const second = await connections.take('web', connect);
    await second[Symbol.asyncDispose]();
    await opened[1]?.close();
    await connections.take('web', connect);
    expect(opened).toHaveLength(3);
  });

  it('closes what nobody wanted for a while, and only that', async () => {
    const { connections, opened, connect, clock } = kept();
    const first = await connections.take('web', connect);
    await first[Symbol.asyncDispose]();
    const again = await connections.take('web', connect);
    await clock.pass();
    expect(opened[0]?.isClosed).toBe(false);
    await again[Symbol.asyncDispose]();
    await clock.pass();
    expect(opened[0]?.isClosed).toBe(true);
    await connections.take('web', connect);
    expect(opened).toHaveLength(2);
  });

  it('closes them all in the end, those in use when they come back', async () => {
    const { connections, opened, connect } = kept();
    const [idle, used] = [await connections.take('a', connect), await connections.take('b', connect)];
    await idle[Symbol.asyncDispose]();
    await connections[Symbol.asyncDispose]();
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    await used[Symbol.asyncDispose]();
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  });
});
