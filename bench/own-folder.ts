import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alsoWhenCut } from './on-cut.ts';

/** A folder of a bench, gone when it is done with it or cut. */
export interface OwnFolder extends AsyncDisposable {
  readonly path: string;
}

/** Below the system's folder for such things, unless another is named. */
export async function ownFolder(name: string, below = tmpdir()): Promise<OwnFolder> {
  const path = await mkdtemp(join(below, `deckhand-${name}-`));
  return {
    path,
    [Symbol.asyncDispose]: alsoWhenCut(async () => await rm(path, { recursive: true, force: true })),
  };
}
