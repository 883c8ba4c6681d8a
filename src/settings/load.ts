import { join } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import { mergeSettings, type SettingFlags, type Settings } from './merge.ts';
import type { NotifyRule } from './notify-schema.ts';
import { deckhandPaths, type Environment } from './paths.ts';
import { findProjectFile, type LoadedFile, readSettingsFile, SETTINGS_FILE_NAME } from './settings-file.ts';

export interface SettingsPlaces {
  /** The folder the person works in. */
  readonly folder: string;
  readonly home: string;
  readonly environment: Environment;
  readonly flags?: SettingFlags;
  /** A file named by the person (`--settings FILE`); it must exist, and no other file is read. */
  readonly file?: string;
}

/**
 * Finds, reads and merges all settings. A missing file is fine, unless it was named.
 * @throws DeckhandError `settings.invalid`, `input.invalid` (flags), `local.file-missing`.
 */
export async function loadSettings(places: SettingsPlaces): Promise<Settings> {
  const files: LoadedFile[] = [];
  for (const file of await settingsFilesOf(places)) {
    const loaded = await readSettingsFile(file, places.home);
    if (loaded && file !== userSettingsFile(places)) refuseNotify(loaded, userSettingsFile(places));
    if (loaded) files.push(loaded);
    else if (file === places.file) throw missing(file);
  }
  return mergeSettings(files, places.environment, places.flags);
}

/** The files that are read, the nearest first; one that was not named may be missing. */
export async function settingsFilesOf(places: SettingsPlaces): Promise<readonly string[]> {
  if (places.file !== undefined) return [places.file];
  const own = userSettingsFile(places);
  const project = await findProjectFile(places.folder);
  return project === null || project === own ? [own] : [project, own];
}

/** `$XDG_CONFIG_HOME/deckhand/deckhand.yaml`. */
export function userSettingsFile(places: Pick<SettingsPlaces, 'environment' | 'home'>): string {
  return join(deckhandPaths(places.environment, places.home).config, SETTINGS_FILE_NAME);
}

/** Where a new host is written: the nearest file that was read, or the person's own. */
export function settingsFileToWrite(
  settings: Settings,
  places: Pick<SettingsPlaces, 'environment' | 'home'>,
): string {
  return settings.files[0] ?? userSettingsFile(places);
}

/** What is told of a person's work, and where to, is theirs alone to say. */
function refuseNotify(loaded: LoadedFile, own: string): void {
  const { file, settings } = loaded;
  if (!settings.notify) return;
  const line = loaded.lineOf(['notify']);
  throw new DeckhandError(
    'settings.invalid',
    `${file}:${line}: notify: only ${own} says who is told of your work.`,
    { details: { file, line, field: 'notify' }, hint: `Move it to ${own}.` },
  );
}

/** Who is to be told of what, from the account's own settings. Throws `settings.invalid`. */
export async function loadNotifyRules(
  places: Pick<SettingsPlaces, 'environment' | 'home'>,
): Promise<readonly NotifyRule[]> {
  const loaded = await readSettingsFile(userSettingsFile(places), places.home);
  return loaded?.settings.notify ?? [];
}

function missing(file: string): DeckhandError {
  return new DeckhandError('local.file-missing', `The settings file ${file} does not exist.`, {
    details: { file },
  });
}
