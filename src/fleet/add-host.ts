import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import { setYamlField } from '../core/yaml-edit.ts';
import type { HostEntryInput } from '../settings/schema.ts';
import { parseSettingsFile, readSettingsFile } from '../settings/settings-file.ts';
import type { Inventory } from './inventory.ts';

/**
 * Appends a host to a `deckhand.yaml` (made where it is missing), keeping comments and order.
 * @returns where it stands now, `FILE:LINE`.
 * @throws DeckhandError `fleet.host-exists`, `input.invalid` (no such entry), `settings.invalid`.
 */
export async function addHost(
  inventory: Inventory,
  file: string,
  name: string,
  entry: HostEntryInput,
): Promise<string> {
  const known = inventory.hosts.find(host => host.name === name);
  if (known) throw exists(name, known.source);
  const before = await readSettingsFile(file);
  if (before?.settings.hosts?.[name]) throw exists(name, `${file}:${before.lineOf(['hosts', name])}`);
  const text = before ? await readFile(file, 'utf8') : '';
  const after = setYamlField(text, file, ['hosts', name], entry, 'settings.invalid');
  const loaded = checked(after, file);
  await replaceFile(file, after);
  return `${file}:${loaded.lineOf(['hosts', name])}`;
}

function checked(text: string, file: string): ReturnType<typeof parseSettingsFile> {
  try {
    return parseSettingsFile(text, file, homedir());
  } catch (error) {
    if (!(error instanceof DeckhandError)) throw error;
    // The file was valid a moment ago, so what was asked for is at fault.
    const fault = error.message.replace(/^.*?:\d+: /, '');
    throw new DeckhandError('input.invalid', fault, { details: error.details, cause: error });
  }
}

function exists(name: string, source: string): DeckhandError {
  return new DeckhandError('fleet.host-exists', `'${name}' is already known from ${source}.`, {
    details: { name, source },
  });
}

/** Whole or not at all; an existing file keeps its mode, a new one is for its owner only. */
async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const mode = (await stat(file).catch(() => null))?.mode ?? 0o600;
  const draft = `${file}.${process.pid}.new`;
  try {
    await writeFile(draft, text, { mode: mode & 0o777, flag: 'w', flush: true });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
