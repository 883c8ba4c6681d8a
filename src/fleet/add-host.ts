import { DeckhandError } from '../core/deckhand-error.ts';
import { setYamlField } from '../core/yaml-edit.ts';
import type { HostEntryInput } from '../settings/schema.ts';
import { writeSettingsFile } from '../settings/write-settings.ts';
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
  const loaded = await writeSettingsFile(file, (text, before) => {
    if (before?.settings.hosts?.[name]) throw exists(name, `${file}:${before.lineOf(['hosts', name])}`);
    return setYamlField(text, file, ['hosts', name], entry, 'settings.invalid');
  });
  return `${file}:${loaded.lineOf(['hosts', name])}`;
}

function exists(name: string, source: string): DeckhandError {
  return new DeckhandError('fleet.host-exists', `'${name}' is already known from ${source}.`, {
    details: { name, source },
  });
}
