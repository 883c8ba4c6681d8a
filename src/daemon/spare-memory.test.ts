import { expect, it } from 'vitest';
import { SpareMemory } from './spare-memory.ts';

const MIB = 1024 * 1024;

it('collects when the heap is large, and not again before it has grown', () => {
  let [used, alive, collected] = [100 * MIB, 200 * MIB, 0];
  const memory = new SpareMemory({
    used: () => used,
    collect: () => {
      collected += 1;
      used = alive;
    },
  });
  memory.taskEnded();
  expect(collected).toBe(0);
  used = 900 * MIB;
  memory.taskEnded();
  expect(collected).toBe(1);
  used = 390 * MIB;
  memory.taskEnded();
  expect(collected).toBe(1);
  [used, alive] = [410 * MIB, 20 * MIB];
  memory.taskEnded();
  expect(collected).toBe(2);
  used = 130 * MIB;
  memory.taskEnded();
  expect(collected).toBe(3);
});

it('gives back to the system what a task has left, without any flag', () => {
  const memory = new SpareMemory();
  let garbage: object[] = Array.from({ length: 2_000_000 }, (_, index) => ({ index, text: `${index}` }));
  expect(garbage.length).toBe(2_000_000);
  garbage = [];
  const before = process.memoryUsage();
  memory.taskEnded();
  const after = process.memoryUsage();
  expect(after.heapUsed).toBeLessThan(before.heapUsed - 64 * MIB);
  expect(after.rss).toBeLessThan(before.rss - 64 * MIB);
});
