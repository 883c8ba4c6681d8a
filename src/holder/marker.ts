import { randomBytes } from 'node:crypto';
import type { RandomBytes } from '../core/ids.ts';

export type RandomSource = RandomBytes;

/** A word nobody can guess: it separates what we sent and asked for from everything else. */
export function newMarker(random: RandomSource = randomBytes): string {
  return `deckhand-${Buffer.from(random(16)).toString('hex')}`;
}
