import type { Surroundings } from '../core/task.ts';

/** What a settings file has for a setting: durations and sizes as text (`15s`, `1MiB`). */
export type SettingText = string | number | readonly string[];

/** How a value is written. */
export type SettingForm =
  | { readonly form: 'duration' | 'size' | 'number' | 'text' | 'list' }
  | { readonly form: 'choice'; readonly choices: readonly string[] };

/** One setting as it is where the asker stands. No setting holds a secret. */
export interface SettingView {
  /** `timeouts.connect`. */
  readonly name: string;
  readonly meaning: string;
  readonly form: SettingForm;
  readonly value: SettingText;
  readonly default: SettingText;
  /** `default`, `environment DECKHAND_X`, `flag --x` or `FILE:LINE`. */
  readonly source: string;
  /** Which layer won. `own`: the file that is changed from here; `project`: another file. */
  readonly layer: 'default' | 'own' | 'project' | 'environment' | 'flag';
  /** What the file that is changed from here says; null = nothing. */
  readonly own: SettingText | null;
  /** The variable that sets it. */
  readonly environment: string;
}

/** What else the files have: by name, and where; nothing of what is in it. */
export interface NamedEntry {
  readonly kind: 'host' | 'group' | 'model server' | 'preset';
  readonly name: string;
  readonly source: string;
}

export interface SettingsView {
  /** The file that is changed from here; it need not exist. */
  readonly file: string;
  /** Files that were read, nearest first. */
  readonly files: readonly string[];
  readonly settings: readonly SettingView[];
  readonly entries: readonly NamedEntry[];
}

export interface SettingsApi {
  /** Every setting, and where its value came from. Throws `settings.invalid`. */
  settings(surroundings: Surroundings): Promise<SettingsView>;
  /**
   * Writes one setting into the account's settings file, or takes it out (null): whole or not at all, comments kept.
   * Says what holds then, which a nearer layer may still decide. Throws `input.invalid` with the words of the file's
   * check, `settings.invalid` when the file is broken.
   */
  changeSetting(surroundings: Surroundings, name: string, value: SettingText | null): Promise<SettingView>;
}
