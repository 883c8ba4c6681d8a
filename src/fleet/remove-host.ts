import { DeckhandError } from '../core/deckhand-error.ts';
import { removeYamlField, setYamlField } from '../core/yaml-edit.ts';
import type { Settings } from '../settings/merge.ts';
import type { LoadedFile } from '../settings/settings-file.ts';
import { writeSettingsFile } from '../settings/write-settings.ts';
import type { Inventory } from './inventory.ts';

/** What came of it. */
export interface RemovedHost {
  /** The `deckhand.yaml` that it was in. */
  readonly file: string;
  /** True: `~/.ssh/config` names it too, and is left as it is: the host is still known from there. */
  readonly remains: boolean;
}

/**
 * Takes a host out of the `deckhand.yaml` that has it, and out of the groups there; comments and order of the rest stay.
 * The OpenSSH configuration is never written.
 * @throws DeckhandError `fleet.unknown-host`, `input.invalid` (it is only in the OpenSSH configuration, or another file's group names it), `settings.invalid`.
 */
export async function removeHost(
  { inventory, settings, aliases }: HostPlaces,
  name: string,
): Promise<RemovedHost> {
  const entry = settings.hosts.get(name);
  const known = inventory.hosts.find(host => host.name === name);
  if (!known) throw new DeckhandError('fleet.unknown-host', `No host is called '${name}'.`);
  if (!entry)
    throw new DeckhandError(
      'input.invalid',
      `'${name}' is known from ${known.source}, which is only read, never written.`,
      { details: { name, source: known.source }, hint: 'Remove it there; it disappears here by itself.' },
    );
  const file = entry.source.replace(/:\d+$/, '');
  const remains = aliases.has(name);
  if (!remains) refuseForeignGroups(settings, file, name);
  await writeSettingsFile(file, (text, before) => {
    if (!before?.settings.hosts?.[name])
      throw new DeckhandError('fleet.unknown-host', `'${name}' is no longer in ${file}.`);
    const without = removeYamlField(text, file, ['hosts', name], 'settings.invalid');
    return remains ? without : withoutMember(without, file, before, name);
  });
  return { file, remains };
}

export interface HostPlaces {
  readonly inventory: Inventory;
  readonly settings: Pick<Settings, 'hosts' | 'groups'>;
  /** Names that the OpenSSH configuration has. */
  readonly aliases: ReadonlySet<string>;
}

/** A group that names nobody would make its whole file invalid. */
function refuseForeignGroups(settings: Pick<Settings, 'groups'>, file: string, name: string): void {
  for (const [group, { value, source }] of settings.groups)
    if (value.includes(name) && source.replace(/:\d+$/, '') !== file)
      throw new DeckhandError('input.invalid', `The group '${group}' of ${source} names '${name}'.`, {
        details: { name, group, source },
        hint: 'Take it out of that group first.',
      });
}

function withoutMember(text: string, file: string, before: LoadedFile, name: string): string {
  let after = text;
  for (const [group, members] of Object.entries(before.settings.groups ?? {})) {
    if (!members.includes(name)) continue;
    const rest = members.filter(member => member !== name);
    after = setYamlField(after, file, ['groups', group], rest, 'settings.invalid');
  }
  return after;
}
