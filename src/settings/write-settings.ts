import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import { type LoadedFile, parseSettingsFile, readSettingsFile } from './settings-file.ts';

/** How often a change is begun anew because somebody else wrote the file meanwhile. */
const MOST_TRIES = 5;

/**
 * Changes the text of a settings file, made where it is missing: whole or not at all, and only to what fits the
 * schema. `change` gets the text that is there. One change of a file after the other.
 * @throws DeckhandError what `change` throws, `settings.invalid` (it was broken before), `input.invalid` (it would be).
 */
export async function writeSettingsFile(
  named: string,
  change: (text: string, before: LoadedFile | null) => string,
): Promise<LoadedFile> {
  const file = await realpath(named).catch(() => named);
  const before = LAST.get(file) ?? Promise.resolve();
  const writing = before.then(
    async () => await changed(file, change),
    async () => await changed(file, change),
  );
  LAST.set(file, writing);
  try {
    return await writing;
  } finally {
    if (LAST.get(file) === writing) LAST.delete(file);
  }
}

const LAST = new Map<string, Promise<unknown>>();

async function changed(
  file: string,
  change: (text: string, before: LoadedFile | null) => string,
): Promise<LoadedFile> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const loaded = await readSettingsFile(file);
    const text = loaded ? await readFile(file, 'utf8') : '';
    const after = change(text, loaded);
    const checked = checkedText(after, file);
    if (after === text) return checked;
    if (await replaceFile(file, after, text)) return checked;
  }
  throw new DeckhandError('input.invalid', `${file} is being written by somebody else; try again.`, {
    details: { file },
  });
}

function checkedText(text: string, file: string): LoadedFile {
  try {
    return parseSettingsFile(text, file, homedir());
  } catch (error) {
    if (!(error instanceof DeckhandError)) throw error;
    // The file was valid a moment ago, so what was asked for is at fault.
    const fault = error.message.replace(/^.*?:\d+: /, '');
    throw new DeckhandError('input.invalid', fault, { details: error.details, cause: error });
  }
}

/** False: the file is no longer what was read. An existing file keeps its mode, a new one is for its owner only. */
export async function replaceFile(file: string, text: string, expected: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const mode = (await stat(file).catch(() => null))?.mode ?? 0o600;
  const draft = `${file}.${process.pid}.new`;
  try {
    await writeFile(draft, text, { mode: mode & 0o777, flag: 'w', flush: true });
    if ((await readFile(file, 'utf8').catch(() => '')) !== expected) return false;
    await rename(draft, file);
    return true;
  } finally {
    await rm(draft, { force: true });
  }
}
