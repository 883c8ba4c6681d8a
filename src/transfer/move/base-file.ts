import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { RawPath } from '../../core/raw-path.ts';
import type { Base } from '../decide/base.ts';

const HEAD = 'deckhand-sync 1';

/** What two trees looked like when they were last equal, kept in a file of the state folder. */
export class BaseFile {
  readonly #folder: string;
  readonly #file: string;

  constructor(
    folder: string,
    pair: { readonly host: string; readonly local: RawPath; readonly remote: RawPath },
    what: 'base' | 'xattrs' | 'acls' = 'base',
  ) {
    const name = createHash('sha256')
      .update(JSON.stringify([pair.host, pair.local, pair.remote]))
      .digest('hex');
    this.#folder = folder;
    this.#file = join(folder, `${name.slice(0, 32)}.${what}`);
  }

  /** Null: these two were never seen to be equal. A file that is not whole counts as none: nothing is then removed. */
  async load(): Promise<Base | null> {
    const text = await readFile(this.#file, 'latin1').catch(() => null);
    const fields = text?.split('\0') ?? [];
    if (fields[0] !== HEAD || fields.at(-2) !== 'end' || (fields.length - 3) % 3 !== 0) return null;
    const base = new Map<RawPath, { local: string; remote: string }>();
    for (let at = 1; at < fields.length - 2; at += 3)
      base.set(fields[at] ?? '', { local: fields[at + 1] ?? '', remote: fields[at + 2] ?? '' });
    return base;
  }

  /** Whole or not at all. */
  async save(base: Base): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const lines = [HEAD];
    for (const [path, { local, remote }] of base) lines.push(path, local, remote);
    const part = `${this.#file}.${process.pid}.part`;
    const file = await open(part, 'w', 0o600);
    try {
      await file.writeFile(`${lines.join('\0')}\0end\0`, 'latin1');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, this.#file);
  }
}
