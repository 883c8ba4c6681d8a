import { DeckhandError } from '../core/deckhand-error.ts';
import { removeYamlField, setYamlField } from '../core/yaml-edit.ts';
import { formOf } from './meanings.ts';
import { DEFAULTS, SETTING_NAMES, type SettingName } from './schema.ts';
import type { LoadedFile } from './settings-file.ts';
import { writeSettingsFile } from './write-settings.ts';

/** Throws `input.invalid`. */
export function settingName(name: string): SettingName {
  const found = SETTING_NAMES.find(each => each === name);
  if (found) return found;
  throw new DeckhandError('input.invalid', `${name}: no such setting.`, { details: { field: name } });
}

/**
 * Writes one setting into a file, or takes it out (null); everything else in the file stays as it is.
 * @throws DeckhandError `input.invalid` with the words of the file's own check, `settings.invalid` when it was broken before.
 */
export async function changeSetting(
  file: string,
  name: SettingName,
  value: string | number | readonly string[] | null,
): Promise<LoadedFile> {
  const path = name.split('.');
  return await writeSettingsFile(file, text =>
    value === null
      ? removeYamlField(text, file, path, 'settings.invalid')
      : setYamlField(text, file, path, asWritten(name, value), 'settings.invalid'),
  );
}

/** Numbers are written without quotes, as a person would. */
function asWritten(name: SettingName, value: string | number | readonly string[]): unknown {
  if (typeof DEFAULTS[name] === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  const isNumber = typeof value === 'string' && /^\d{1,15}(?:\.\d+)?$/.test(value.trim());
  const form = formOf(name);
  return isNumber && (form === 'number' || form === 'duration') ? Number(value) : value;
}
