import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isAlive } from './is-alive.ts';

it('tells a process that runs from one that has ended', async () => {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  const pid = child.pid ?? 0;
  expect(isAlive(pid)).toBe(true);
  child.stdin.end();
  await once(child, 'exit');
  expect(isAlive(pid)).toBe(false);
});

it.runIf(existsSync('/proc/self'))('takes one that nobody collected for ended', async () => {
  // the shell becomes a program that never asks for its child's end
  const parent = spawn('sh', ['-c', "sh -c 'echo $$' & exec cat"], { stdio: ['pipe', 'pipe', 'ignore'] });
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const child = Number(said.toString());
  await expect.poll(() => isAlive(child)).toBe(false);
  expect(() => process.kill(child, 0)).not.toThrow();
  parent.stdin.end();
  await once(parent, 'exit');
});
