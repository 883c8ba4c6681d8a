import { describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { Admission, type Lease, type Slotted } from './admission.ts';

const box = (name: string, slots: number | null): Slotted => ({ name, slots });
const { signal } = new AbortController();

/** What is granted within this turn of the loop, by name of the wish. */
function wishes(admission: Admission<Slotted>, servers: readonly Slotted[]) {
  const granted: string[] = [];
  const leases = new Map<string, Lease<Slotted>>();
  const taken = async (name: string, client: string, stop: AbortSignal): Promise<void> => {
    try {
      leases.set(name, await admission.take(servers, client, stop));
      granted.push(name);
    } catch {
      granted.push(`${name} left`);
    }
  };
  return {
    granted,
    wish: (name: string, client: string, stop = signal): void => void taken(name, client, stop),
    release: (name: string): void => leases.get(name)?.[Symbol.dispose](),
    settled: async (): Promise<readonly string[]> => {
      await systemClock.sleep(0);
      return granted.splice(0);
    },
  };
}

describe('slots', () => {
  it('go to the least busy server, and no more than there are', async () => {
    const [a, b] = [box('a', 1), box('b', 2)];
    const admission = new Admission(systemClock);
    const leases = await Promise.all([1, 2, 3].map(async () => await admission.take([a, b], 'x', signal)));
    expect(leases.map(({ server }) => server.name).sort()).toEqual(['a', 'b', 'b']);
    void admission.take([a, b], 'x', signal);
    expect(admission.waiting).toBe(1);
    leases[0]?.[Symbol.dispose]();
    leases[0]?.[Symbol.dispose]();
    expect([admission.waiting, admission.running(a) + admission.running(b)]).toEqual([0, 3]);
  });

  it('are shared: who has many waits for who has few (B08)', async () => {
    const admission = new Admission(systemClock);
    const { wish, release, settled } = wishes(admission, [box('a', 2)]);
    for (const name of ['g1', 'g2', 'g3', 'g4']) wish(name, 'greedy');
    wish('m1', 'modest');
    expect(await settled()).toEqual(['g1', 'g2']);
    release('g1');
    expect(await settled()).toEqual(['m1']);
    release('g2');
    expect(await settled()).toEqual(['g3']);
    release('m1');
    expect(await settled()).toEqual(['g4']);
  });

  it('are not kept for who has left', async () => {
    const admission = new Admission(systemClock);
    const { wish, release, settled } = wishes(admission, [box('a', 1)]);
    const stop = new AbortController();
    wish('first', 'x');
    wish('second', 'y', stop.signal);
    wish('third', 'z');
    stop.abort();
    expect(await settled()).toEqual(['first', 'second left']);
    release('first');
    expect(await settled()).toEqual(['third']);
  });

  it('are refused beyond what may wait', async () => {
    const admission = new Admission(systemClock);
    const full = [box('a', 0)];
    for (let count = 0; count < 512; count += 1) void admission.take(full, 'x', signal);
    await expect(admission.take(full, 'x', signal)).rejects.toMatchObject({ code: 'chat.busy' });
  });

  it('of a server that failed are given last', async () => {
    const [a, b] = [box('a', 4), box('b', 4)];
    const admission = new Admission(systemClock);
    admission.failed(a);
    const lease = await admission.take([a, b], 'x', signal);
    expect(lease.server.name).toBe('b');
  });
});
