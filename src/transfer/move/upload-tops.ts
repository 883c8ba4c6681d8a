import type { Action } from '../decide/action.ts';
import type { RawPath } from '../../core/raw-path.ts';
import { type Entry, join, parentOf } from '../tree/entry.ts';
import type { Place } from './job.ts';

/** Something that gets its name at the target by one rename: a file, a link, or a new folder with all in it. */
export interface Top {
  readonly action: Action;
  /** Its name in the staging folder. */
  readonly label: RawPath;
  /** Things in it that have not arrived. */
  pending: number;
  isPlaced: boolean;
}

/** Which rename each new thing takes part in. */
export class Tops {
  readonly #place: Place;
  readonly #byPath = new Map<RawPath, Top>();
  readonly all: Top[] = [];

  constructor(place: Place, actions: readonly Action[]) {
    this.#place = place;
    for (const action of actions) {
      const { path } = action;
      const above = path === '' ? undefined : this.#byPath.get(parentOf(path));
      const top = above ?? this.#add(action);
      this.#byPath.set(path, top);
      top.pending += 1;
    }
  }

  of(path: RawPath): Top {
    return this.#byPath.get(path) as Top;
  }

  /** Its name below the staging folder. */
  staged({ path }: Entry): RawPath {
    const { label, action } = this.of(path);
    const below = action.path === '' ? path : path.slice(action.path.length + 1);
    return join(label, below);
  }

  /** Those that are complete and have no name yet; they count as placed. */
  takeReady(): Top[] {
    const ready = this.all.filter(({ pending, isPlaced }) => pending === 0 && !isPlaced);
    for (const top of ready) top.isPlaced = true;
    return ready;
  }

  #add(action: Action): Top {
    const { isNew } = this.#place;
    // what comes into a tree that is itself being built has its place there already
    const label = isNew ? join('tree', action.path) : String(this.all.length);
    const top: Top = { action, label, pending: 0, isPlaced: isNew };
    this.all.push(top);
    return top;
  }
}
