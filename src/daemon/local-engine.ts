import type { TaskApi } from '../api/task-api.ts';
import type { DeckhandError } from '../core/deckhand-error.ts';
import { openMemoryStore, openSqliteStore } from '../store/sqlite/open-store.ts';
import { openEngine } from './engine.ts';
import { Fleets } from './fleet-access.ts';
import { localExecutor } from './local-executor.ts';
import { openRegistry } from './open-registry.ts';
import { placesOf } from './places.ts';
import { packageVersion } from './version.ts';

export interface LocalEngineOptions {
  /** Where tasks are kept; null = only in memory, for as long as the engine is open. */
  readonly folder: string | null;
  readonly onTrouble?: (error: DeckhandError) => void;
}

/** The whole engine inside this process: for the library and `--local`. Throws `store.locked` beside a daemon. */
export async function openLocalEngine({ folder, onTrouble }: LocalEngineOptions): Promise<TaskApi> {
  const store =
    folder === null ? await openMemoryStore() : await openSqliteStore({ folder, now: () => Date.now() });
  const registry = await openRegistry();
  const { api } = await openEngine({
    store,
    registry,
    startExecutor: localExecutor(registry, new Fleets()),
    executors: 1,
    version: packageVersion(),
    folder: folder ?? placesOf(process.env).folder,
    onTrouble: onTrouble ?? (() => undefined),
  });
  return api;
}
