import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { deckhandPaths, type Environment } from '../settings/paths.ts';

/** A key that was typed, in a file that goes again unless it is to stay. */
export interface KeptKey extends AsyncDisposable {
  readonly path: string;
  stay(): void;
}

/** Keeps a key in a file that only this account can read, beside the store; who disconnects removes it. */
export async function keepKey(key: string, environment: Environment): Promise<KeptKey> {
  const folder = join(deckhandPaths(environment, homedir()).state, 'keys');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${randomBytes(8).toString('hex')}.key`);
  await writeFile(path, `${key}\n`, { mode: 0o600, flag: 'wx' });
  let stays = false;
  return {
    path,
    stay: () => {
      stays = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (!stays) await rm(path, { force: true });
    },
  };
}
