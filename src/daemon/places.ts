import { lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import { deckhandPaths } from '../settings/paths.ts';

/** Bytes that the path of a unix socket may have; the smallest limit among the systems we know. */
const LONGEST_SOCKET_PATH = 100;

/** Where one account's engine keeps its things. */
export interface Places {
  /** Store, log and, where its path is short enough, the socket. */
  readonly folder: string;
  readonly socket: string;
  readonly logFile: string;
}

/** By the XDG rules; nothing is made yet. */
export function placesOf(environment: NodeJS.ProcessEnv): Places {
  const folder = deckhandPaths(environment, homedir()).state;
  const near = join(folder, 'daemon.sock');
  const socket = Buffer.byteLength(near) <= LONGEST_SOCKET_PATH ? near : shortSocket(folder);
  return { folder, socket, logFile: join(folder, 'daemon.log') };
}

/** A state folder too deep for a socket gets one in the temporary folder, of the same name each time. */
function shortSocket(folder: string): string {
  // loaded here, not by every command: it is slow to load
  const { createHash } = process.getBuiltinModule('node:crypto');
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(tmpdir(), `deckhand-${userInfo().uid}-${name}`, 'daemon.sock');
}

/** Makes a folder that only this account can enter. Throws `store.unusable` for one that belongs to others. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  const foreign = !found.isDirectory() || found.uid !== userInfo().uid || (found.mode & 0o077) !== 0;
  if (!foreign) return;
  throw new DeckhandError(
    'store.unusable',
    `${path} belongs to account ${found.uid} with mode ${(found.mode & 0o777).toString(8)}; it must be ours alone.`,
    {
      details: { path },
      hint: `Remove it, or correct it: chown ${userInfo().username} ${path}; chmod 700 ${path}`,
    },
  );
}
