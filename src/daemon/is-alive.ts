import { existsSync, readFileSync } from 'node:fs';

/** Whether the process runs; one that has ended and that nobody has collected yet (a container without init) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    // where there is no /proc, the signal's answer is all there is
    return (error as NodeJS.ErrnoException).syscall === 'open' && !existsSync('/proc/self');
  }
}
