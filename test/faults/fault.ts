/** What one fault works with while it is carried out. */
export interface FaultKit {
  /** True: the small version, for every day. */
  readonly short: boolean;
  /** An empty folder of its own, removed afterwards. */
  readonly folder: string;
  /** One line for the reader. */
  readonly say: (line: string) => void;
  /** Something that must hold. `what` carries its figures: it is printed either way. */
  readonly check: (holds: boolean, what: string) => void;
}

/** A fault that is done to the system on purpose, and what must hold all the same. */
export interface Fault {
  readonly id: string;
  readonly title: string;
  run(kit: FaultKit): Promise<void>;
}

/** A whole number from `least` to `most`. */
export function randomBetween(least: number, most: number): number {
  return least + Math.floor(Math.random() * (most - least + 1));
}

export function pick<Item>(items: readonly Item[]): Item {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** Asks again until the answer is not undefined. Throws after `limit` milliseconds, naming what was waited for. */
export async function until<Answer>(
  what: string,
  limit: number,
  ask: () => Promise<Answer | undefined>,
  look = 100,
): Promise<Answer> {
  const begun = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() - begun > limit) throw new Error(`waited ${limit} ms in vain: ${what}`);
    await new Promise(resolve => setTimeout(resolve, look));
  }
}
