import { readFileSync } from 'node:fs';
import type { Pulse } from '../queue/silence.ts';

/** Milliseconds of one tick, in which Linux counts processor time for programs. */
const TICK = 10;

/** What Linux says of a process; null: it is gone, or this is no Linux. */
export function pulseOf(pid: number): Pulse | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // the name, in brackets, may hold anything
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = ''] = fields;
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isFinite(ticks)) return null;
  return { used: ticks * TICK, stopped: state === 'T' || state === 't' };
}
