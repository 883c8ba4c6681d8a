import { readFileSync } from 'node:fs';

let known: boolean | undefined;

/** Whether this machine's processor does AES itself; where the system does not say, it is taken to. */
export function hasAes(): boolean {
  known ??= readAes();
  return known;
}

function readAes(): boolean {
  try {
    return /^(flags|Features)\s*:.*\baes\b/m.test(readFileSync('/proc/cpuinfo', 'latin1'));
  } catch {
    return true;
  }
}
