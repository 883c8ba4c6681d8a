import { describe, expect, it } from 'vitest';
import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { Outage, outlastLink } from './outlast-link.ts';

/** Time passes only while somebody sleeps. */
function steered(): { readonly clock: Clock; readonly slept: number[] } {
  const slept: number[] = [];
  const now = (): number => slept.reduce((sum, each) => sum + each, 0);
  const clock: Clock = {
    now,
    monotonic: now,
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      slept.push(milliseconds);
      return await Promise.resolve();
    },
  };
  return { clock, slept };
}

const { signal } = new AbortController();
const silent = new DeckhandError('ssh.peer-silent', 'web-1 has not answered.');
const refused = new DeckhandError('ssh.refused', 'web-1 refused.');
const denied = new DeckhandError('ssh.authentication-failed', 'web-1 takes none of the keys.');

function failing(errors: readonly Error[]): () => Promise<string> {
  const left = [...errors];
  return () => {
    const error = left.shift();
    return error ? Promise.reject(error) : Promise.resolve('answered');
  };
}

describe('outlastLink', () => {
  it('asks again after a lost link and while the host cannot be connected to', async () => {
    const { clock, slept } = steered();
    await expect(outlastLink({ clock, signal }, failing([silent, refused, refused]))).resolves.toBe(
      'answered',
    );
    expect(slept).toEqual([500, 1000, 2000]);
  });

  it('gives up after the limit, with what went wrong last', async () => {
    const { clock, slept } = steered();
    const endless = (): Promise<never> => Promise.reject(silent);
    await expect(outlastLink({ clock, signal, limit: 20_000 }, endless)).rejects.toBe(silent);
    expect(slept.at(-1)).toBe(10_000);
  });

  it('does not wait for what another try cannot mend', async () => {
    const { clock, slept } = steered();
    await expect(outlastLink({ clock, signal }, failing([silent, denied]))).rejects.toBe(denied);
    expect(slept).toEqual([500]);
  });

  it('stops waiting when it is told to', async () => {
    const { clock } = steered();
    const stop = new AbortController();
    const ask = (): Promise<never> => {
      stop.abort(new Error('cancelled'));
      return Promise.reject(silent);
    };
    await expect(outlastLink({ clock, signal: stop.signal }, ask)).rejects.toBe(silent);
  });
});

describe('an outage', () => {
  it('is none before there was a connection: the first failure is told at once', () => {
    const { clock } = steered();
    const outage = new Outage({ clock, signal, reached: false });
    expect(outage.covers(silent)).toBe(false);
    expect(outage.covers(refused)).toBe(false);
    outage.connected();
    expect(outage.covers(silent)).toBe(true);
  });

  it('begins with a lost link, not with another failure of a connection that stands', async () => {
    const { clock } = steered();
    const outage = new Outage({ clock, signal, reached: false });
    outage.connected();
    expect(outage.covers(refused)).toBe(false);
    await outage.wait();
    expect(outage.covers(refused)).toBe(true);
  });
});
