import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type OwnerLock, takeOwnership } from '../../src/store/sqlite/owner-lock.ts';

/** `node ask-to-own.ts FOLDER ROUNDS BEGIN`: asks for each of the folders at its time, prints which it got, and keeps them. */

const [folder = '', rounds = '0', begin = '0'] = process.argv.slice(2);
/** Milliseconds from one to the next. */
const ROUND = 70;
/** Kept: one that nobody refers to any more is closed. */
const owned = new Map<number, OwnerLock>();
for (let round = 0; round < Number(rounds); round += 1) {
  const place = join(folder, String(round));
  mkdirSync(place, { recursive: true, mode: 0o700 });
  while (Date.now() < Number(begin) + round * ROUND);
  try {
    owned.set(round, takeOwnership(place, { now: Date.now }));
  } catch {
    // the other one has it
  }
}
console.log(JSON.stringify([...owned.keys()]));
// until whoever started it has heard the other one too
process.stdin.resume();
