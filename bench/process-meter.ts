import { readdirSync, readFileSync } from 'node:fs';

/** What processes take, as the kernel counts it. */

/** MiB that a process has in memory, those it shares with others among them. */
export function residentOf(pid: number): number {
  return kibibytes(`/proc/${pid}/status`, 'VmRSS') / 1024;
}

/** MiB of several processes together, what they share counted once. */
export function residentTogether(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + kibibytes(`/proc/${pid}/smaps_rollup`, 'Pss'), 0) / 1024;
}

/** Milliseconds of processor time that all threads of a process took so far. */
export function cpuTimeOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map(thread =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6;
}

function kibibytes(file: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${file} has no ${name}.`);
  return Number(found);
}
