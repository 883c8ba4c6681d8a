import { homedir } from 'node:os';
import type { NamedEntry, SettingsApi, SettingsView, SettingView } from '../../api/settings-contract.ts';
import type { Surroundings } from '../../core/task.ts';
import { changeSetting, settingName } from '../../settings/change-setting.ts';
import { userSettingsFile } from '../../settings/load.ts';
import { choicesOf, formOf, SETTING_MEANINGS, writtenValue } from '../../settings/meanings.ts';
import type { Settings } from '../../settings/merge.ts';
import { DEFAULTS, environmentName, SETTING_NAMES, type SettingName } from '../../settings/schema.ts';
import { type LoadedFile, readSettingsFile } from '../../settings/settings-file.ts';
import { audit, type DeskRequest } from './desk-parts.ts';

/** Every setting with its source, and changing one of the account's own. */
export function settingsDesk(request: DeskRequest): SettingsApi {
  return {
    async settings(surroundings) {
      const { settings } = await request.fleets.at(surroundings);
      const file = ownFile(surroundings);
      const own = await readSettingsFile(file);
      return {
        file,
        files: settings.files,
        settings: SETTING_NAMES.map(name => viewOf(name, settings, { file, own })),
        entries: entriesOf(settings),
      } satisfies SettingsView;
    },
    async changeSetting(surroundings, given, value) {
      const name = settingName(given);
      const file = ownFile(surroundings);
      // what is broken elsewhere is told before anything is written
      const fleet = await request.fleets.at(surroundings);
      const own = await changeSetting(file, name, value);
      await fleet.refresh(true);
      await audit(request, value === null ? 'settings.remove' : 'settings.change', name);
      return viewOf(name, fleet.settings, { file, own });
    },
  };
}

/** The file that is changed: the one that was named, or the account's own; never a project's. */
export function ownFile({ settingsFile }: Surroundings): string {
  return settingsFile ?? userSettingsFile({ environment: process.env, home: homedir() });
}

interface Own {
  readonly file: string;
  readonly own: LoadedFile | null;
}

function viewOf(name: SettingName, settings: Settings, { file, own }: Own): SettingView {
  const { value, source } = settings.sourced[name];
  const written = name
    .split('.')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], own?.settings);
  const choices = choicesOf(name);
  const form = formOf(name);
  return {
    name,
    meaning: SETTING_MEANINGS[name],
    form: form === 'choice' ? { form, choices: choices ?? [] } : { form },
    value: writtenValue(name, value),
    default: writtenValue(name, DEFAULTS[name]),
    source,
    layer: layerOf(source, file),
    own: written === undefined ? null : writtenValue(name, written),
    environment: environmentName(name),
  };
}

/** Which layer a setting's value is from, when `file` is one's own. */
export function layerOf(source: string, file: string): SettingView['layer'] {
  if (source === 'default') return 'default';
  if (source.startsWith('environment ')) return 'environment';
  if (source.startsWith('flag ')) return 'flag';
  return source.replace(/:\d+$/, '') === file ? 'own' : 'project';
}

function entriesOf({ hosts, groups, modelServers, presets }: Settings): readonly NamedEntry[] {
  const named = (
    kind: NamedEntry['kind'],
    entries: ReadonlyMap<string, { readonly source: string }>,
  ): NamedEntry[] => [...entries].map(([name, { source }]) => ({ kind, name, source }));
  return [
    ...named('host', hosts),
    ...named('group', groups),
    ...named('model server', modelServers),
    ...named('preset', presets),
  ];
}
