import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Pulse } from '../queue/silence.ts';
import { pulseOf } from './process-pulse.ts';

it.runIf(process.platform === 'linux')(
  'a process has more and more processor time until it is stopped',
  async () => {
    const child = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
    try {
      await once(child, 'spawn');
      const pid = child.pid ?? 0;
      const first = pulseOf(pid)?.used ?? 0;
      expect((await pulseWhen(pid, ({ used }) => used > first)).stopped).toBe(false);
      child.kill('SIGSTOP');
      const { used } = await pulseWhen(pid, ({ stopped }) => stopped);
      expect(pulseOf(pid)).toEqual({ used, stopped: true });
    } finally {
      child.kill('SIGKILL');
    }
    await once(child, 'exit');
    expect(pulseOf(child.pid ?? 0)).toBeNull();
  },
);

async function pulseWhen(pid: number, holds: (pulse: Pulse) => boolean): Promise<Pulse> {
  for (;;) {
    const pulse = pulseOf(pid);
    if (pulse && holds(pulse)) return pulse;
    await pause(5);
  }
}
