import { describe, expect, it } from 'vitest';
import type { Clock } from '../core/clock.ts';
import { OutputCollector } from './output-collector.ts';
import { SessionGate } from './session-gate.ts';

class Refusal extends Error {}

/** A server that takes so many sessions. */
function gateOf(limit: number): {
  gate: SessionGate;
  open: () => Promise<string>;
  server: { used: number; most: number };
} {
  const server = { used: 0, most: 0 };
  const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
  const open = (): Promise<string> => {
    if (server.used >= limit) return Promise.reject(new Refusal());
    server.used += 1;
    server.most = Math.max(server.most, server.used);
    return Promise.resolve('session');
  };
  return { gate: new SessionGate(clock, error => error instanceof Refusal), open, server };
}
const forever = new AbortController().signal;

describe('session gate', () => {
  it('lets 50 sessions through a server that takes 3', async () => {
    const { gate, open, server } = gateOf(3);
    const one = async (): Promise<void> => {
      const session = await gate.enter(open, forever);
      await new Promise(resolve => setImmediate(resolve));
      server.used -= 1;
      session.release();
      session.release();
    };
    await Promise.all(Array.from({ length: 50 }, one));
    expect(server.most).toBe(3);
    expect(gate.active).toBe(0);
  });

  it('gives the refusal when nothing else is running', async () => {
    const { gate, open } = gateOf(0);
    const both = await Promise.allSettled([gate.enter(open, forever), gate.enter(open, forever)]);
    expect(both.map(one => one.status)).toEqual(['rejected', 'rejected']);
  });

  it('stops waiting when the caller gives up, and other errors are not waited for', async () => {
    const { gate, open } = gateOf(1);
    const first = await gate.enter(open, forever);
    const controller = new AbortController();
    const second = gate.enter(open, controller.signal);
    await new Promise(resolve => setImmediate(resolve));
    controller.abort(new Error('gave up'));
    await expect(second).rejects.toThrow('gave up');
    first.release();
    await expect(gate.enter(() => Promise.reject(new Error('broken')), forever)).rejects.toThrow('broken');
    expect(gate.active).toBe(0);
  });
});

describe('output collector', () => {
  it('keeps the first bytes and counts all', () => {
    const collector = new OutputCollector(10);
    collector.add(Buffer.from('hello '));
    expect(collector.truncated).toBe(false);
    collector.add(Buffer.from('big world'));
    expect(Buffer.from(collector.bytes()).toString()).toBe('hello big ');
    expect(collector.total).toBe(15);
    expect(collector.truncated).toBe(true);
  });

  it('keeps nothing with limit 0, and grows over many pieces', () => {
    const none = new OutputCollector(0);
    none.add(Buffer.from('x'));
    expect([none.bytes().length, none.total, none.truncated]).toEqual([0, 1, true]);
    const many = new OutputCollector(1_000_000);
    for (let index = 0; index < 10_000; index += 1) many.add(Buffer.from('0123456789'));
    expect(many.bytes().length).toBe(100_000);
    expect(many.truncated).toBe(false);
  });
});
