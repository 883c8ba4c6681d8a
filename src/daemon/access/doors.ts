import type { WebDoor } from '../../api/web/door.ts';
import type { Clock } from '../../core/clock.ts';
import type { Store } from '../../store/store.ts';
import { ConsoleKeeper } from './console-keeper.ts';
import { Tokens } from './tokens.ts';
import type { Served } from './web-listener.ts';

/** The ways into a daemon besides its socket. */
export interface Doors extends AsyncDisposable {
  readonly console: ConsoleKeeper;
  readonly tokens: Tokens;
}

export async function openDoors(parts: {
  readonly store: Store;
  readonly clock: Clock;
  /** The account whose daemon it is. */
  readonly owner: string;
  readonly serve: (door: WebDoor) => Served;
}): Promise<Doors> {
  const tokens = await Tokens.open(parts.store, parts.clock);
  const console = await ConsoleKeeper.open({ ...parts, tokens });
  return {
    console,
    tokens,
    [Symbol.asyncDispose]: async () => await console[Symbol.asyncDispose](),
  };
}
