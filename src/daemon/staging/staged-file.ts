import { DeckhandError } from '../../core/deckhand-error.ts';
import { z } from '../../core/schema.ts';

/** What is known of a file that lies here for a while. */
export const stagedFile = z.strictObject({
  /** Who began it, and alone may touch it. */
  who: z.string(),
  name: z.string(),
  way: z.enum(['up', 'down']),
  /** Bytes that it will have; null = the host knows. */
  size: z.number().nullable(),
  /** The task that carries it; null = not yet. */
  task: z.string().nullable(),
});
export type StagedFile = z.infer<typeof stagedFile>;

/** A name that is a name and nothing else, as every file system takes it. Throws `input.invalid`. */
export function plainName(name: string): string {
  const isPlain = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
  if (isPlain && Buffer.byteLength(name) <= 255) return name;
  throw new DeckhandError('input.invalid', 'name: a file name without slashes, of at most 255 bytes.', {
    details: { field: 'name' },
  });
}

/** Milliseconds that something lies here which no task carries, or whose task has ended. */
const KEPT = { up: 86_400_000, down: 3_600_000 } as const;

/** What became of the task that carries it; `none`: there is no task, or nobody knows it any more. */
export type CarrierState = 'none' | 'open' | 'succeeded' | 'ended';

/** Whether it may be removed. `age`: milliseconds since it was last touched. Pure. */
export function isForgotten({ way }: Pick<StagedFile, 'way'>, carrier: CarrierState, age: number): boolean {
  if (carrier === 'open') return false;
  // what was sent is on the host; what failed can be sent again, what was fetched waits to be taken
  if (way === 'up' && carrier === 'succeeded') return true;
  return age > KEPT[way];
}
