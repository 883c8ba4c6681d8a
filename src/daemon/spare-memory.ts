import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of heap up to which nobody cares what of them is garbage. */
const LITTLE = 128 * 1024 * 1024;
/** How many times what is alive the heap may be before it is looked at. */
const GROWTH = 2;

export interface Heap {
  /** Bytes in use, garbage among them. */
  readonly used: () => number;
  /** Frees all that nothing refers to, and gives it to the system. */
  readonly collect: () => void;
}

/**
 * Gives back what a task needed. The runtime looks for garbage when the heap has grown to a multiple of what was alive the
 * last time: after a task over a million files that may never be, and every task that follows stands on top of it.
 */
export class SpareMemory {
  readonly #heap: Heap;
  #alive = 0;

  constructor(heap: Heap = ownHeap()) {
    this.#heap = heap;
  }

  readonly taskEnded = (): void => {
    const { used, collect } = this.#heap;
    if (used() < Math.max(LITTLE, this.#alive * GROWTH)) return;
    collect();
    this.#alive = used();
  };
}

/** V8's: an ordinary collection keeps the pages that it freed for itself, hundreds of MiB of them after a large task. */
type Collect = (how: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

/** The runtime has no call for it unless it is started with a flag, which may as well be set later. */
function ownHeap(): Heap {
  let gc: Collect | undefined;
  return {
    used: () => process.memoryUsage().heapUsed,
    collect: () => {
      if (gc === undefined) {
        setFlagsFromString('--expose-gc');
        gc = runInNewContext('gc') as Collect;
      }
      gc({ type: 'major', flavor: 'last-resort' });
    },
  };
}
