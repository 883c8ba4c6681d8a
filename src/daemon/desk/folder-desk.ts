import type { FolderApi, FolderChange, FolderPlace, FoundItem } from '../../api/folder-contract.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { rawFromText, showRaw } from '../../core/raw-path.ts';
import type { Surroundings } from '../../core/task.ts';
import { quote } from '../../shell/quote.ts';
import type { SshConnection } from '../../ssh/connection.ts';
import { absolutePath, hostPath } from '../../transfer/host/list-script.ts';
import { listFolderAt } from '../../transfer/list-folder.ts';
import { listHere, searchHere, watchHere } from '../../transfer/look/here.ts';
import { findPattern } from '../../transfer/look/name-pattern.ts';
import { searchHost } from '../../transfer/look/search-host.ts';
import { watchHost } from '../../transfer/look/watch-host.ts';
import { connectQuietly } from './connect-quietly.ts';
import type { DeskRequest } from './desk-parts.ts';
import { Mailbox } from './mailbox.ts';
import { checkCommand } from './task-desk.ts';

const LIMIT = 60_000;
const MOST_ENTRIES = 200_000;
const USUAL_NAMES = 1000;
/** Milliseconds of silence after which a sign of life is given. */
const SILENCE = 10_000;
/** Folders of one host that are watched at once: each takes a session of its shared connection. */
const MOST_WATCHED = 3;

/** Looking around in folders of hosts, and of this machine. */
export function folderDesk(request: DeskRequest): FolderApi {
  /** The shared connection, once the policy lets through what is about to run. */
  const reach = async (
    surroundings: Surroundings,
    { host, path }: FolderPlace,
    look: (path: string) => string,
    signal: AbortSignal,
  ): Promise<SshConnection | null> => {
    if (path.includes('\0')) throw new DeckhandError('input.invalid', 'path: a path without zero bytes.');
    if (host === null) return null;
    const { name, connect } = await connectQuietly(request, surroundings, host);
    await checkCommand(request, surroundings, name, look(quote(path)));
    return await connect(signal);
  };

  return {
    async listFolder(surroundings, place) {
      const signal = AbortSignal.timeout(LIMIT);
      const connection = await reach(surroundings, place, path => `ls -la -- ${path}`, signal);
      if (!connection) return await listHere(place.path, MOST_ENTRIES);
      const path = rawFromText(place.path === '' ? '~' : place.path);
      const listing = { path, recursive: false, limit: MOST_ENTRIES, signal };
      const { result, home } = await listFolderAt(connection, listing);
      const at = hostPath(path);
      return home === null ? result : { ...result, path: showRaw(withoutDots(absolutePath(at, home))) };
    },

    async *searchFolder(surroundings, search, { signal }): AsyncGenerator<FoundItem> {
      const { path, name, limit = USUAL_NAMES } = search;
      const late = AbortSignal.timeout(LIMIT);
      const look = (root: string): string => `find ${root} -xdev -iname ${quote(findPattern(name))}`;
      const connection = await reach(surroundings, search, look, AbortSignal.any([signal, late]));
      let found = 0;
      yield* Mailbox.of<FoundItem>(async (put, left) => {
        const stop = AbortSignal.any([left, late]);
        const onFound = (one: { readonly path: string; readonly isFolder: boolean }): void => {
          found += 1;
          put({ item: 'found', ...one });
        };
        const wanted = { name, limit, signal: stop };
        const searching = connection
          ? searchHost(connection, { ...wanted, path: rawFromText(path === '' ? '~' : path) }, onFound)
          : searchHere({ ...wanted, path }, onFound);
        const end = await searching.catch((error: unknown) => {
          if (late.aborted && !left.aborted) return null;
          throw error;
        });
        const why = end === null ? 'time' : end.isCut ? 'limit' : 'all';
        put({ item: 'searched', found, why, closed: end?.closed ?? 0 });
      }, signal);
    },

    async *watchFolder(surroundings, place, { signal }): AsyncGenerator<FolderChange> {
      const connection = await reach(surroundings, place, path => `ls -la -- ${path}`, signal);
      using _ = countWatch(place.host);
      const path = rawFromText(place.path === '' ? '~' : place.path);
      yield* Mailbox.of<FolderChange>(
        async (put, stop) => {
          if (!connection) {
            await watchHere(place.path, stop, what =>
              put(what === 'changed' ? { item: what } : { item: what, path: place.path }),
            );
            return;
          }
          let looks = 0;
          await watchHost(connection, { path, signal: stop }, isDifferent => {
            if (looks === 0) put({ item: 'watching', path: place.path });
            else if (isDifferent) put({ item: 'changed' });
            looks += 1;
          });
        },
        signal,
        { silence: SILENCE, alive: { item: 'alive' } },
      );
    },
  };
}

/** `/root/.` is where one is. */
function withoutDots(path: string): string {
  return path.replace(/(?:\/\.)+$/, '') || '/';
}

const WATCHED = new Map<string, number>();

function countWatch(host: string | null): Disposable {
  const key = host ?? '';
  const now = WATCHED.get(key) ?? 0;
  if (host !== null && now >= MOST_WATCHED)
    throw new DeckhandError('api.rate-limited', `${MOST_WATCHED} folders of ${host} are watched already.`, {
      details: { retryAfter: 10 },
    });
  WATCHED.set(key, now + 1);
  return { [Symbol.dispose]: () => void WATCHED.set(key, (WATCHED.get(key) ?? 1) - 1) };
}
