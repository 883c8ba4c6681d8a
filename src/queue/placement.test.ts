import { describe, expect, it } from 'vitest';
import { Placement } from './placement.ts';

const hosts = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `host-${at}`);

describe('where tasks go', () => {
  it('is one executor while the hosts are few, and the next when it has enough', () => {
    const placement = new Placement(4);
    const slots = hosts(40).map(host => placement.slotOf({ host, id: 'task' }));
    expect(slots.slice(0, 32).every(slot => slot === 0)).toBe(true);
    expect(slots.slice(32).every(slot => slot === 1)).toBe(true);
  });

  it('is the same for every task of a host, also when others have come', () => {
    const placement = new Placement(2);
    const first = hosts(200).map(host => placement.slotOf({ host, id: 'one' }));
    expect(hosts(200).map(host => placement.slotOf({ host, id: 'other' }))).toEqual(first);
    expect(first.filter(slot => slot === 0)).toHaveLength(100);
  });

  it('is among the executors that there are for a task without host', () => {
    const placement = new Placement(4);
    const slots = (): ReadonlySet<number> =>
      new Set(hosts(50).map(id => placement.slotOf({ host: null, id })));
    expect(slots()).toEqual(new Set([0]));
    for (const host of hosts(40)) placement.slotOf({ host, id: 'task' });
    expect(slots()).toEqual(new Set([0, 1]));
  });

  it('begins anew for the hosts of an executor that is gone', () => {
    const placement = new Placement(2);
    for (const host of hosts(40)) placement.slotOf({ host, id: 'task' });
    expect(placement.slotOf({ host: 'host-39', id: 'task' })).toBe(1);
    placement.forget(0);
    placement.forget(1);
    expect(placement.slotOf({ host: 'host-39', id: 'task' })).toBe(0);
  });
});
