import { DeckhandError } from '../core/deckhand-error.ts';
import type { Environment } from './paths.ts';
import {
  DEFAULTS,
  environmentName,
  type HostEntry,
  type ModelServerEntry,
  type PresetEntry,
  SETTING_NAMES,
  SETTING_SCHEMAS,
  type SettingName,
  type SettingValue,
  type SettingValues,
} from './schema.ts';
import type { LoadedFile } from './settings-file.ts';

/** A value and where it came from: `default`, `environment DECKHAND_X`, `flag --x` or `file:line`. */
export interface Sourced<Value> {
  readonly value: Value;
  readonly source: string;
}

export type SourcedSettings = { readonly [Name in SettingName]: Sourced<SettingValue<Name>> };

export interface Settings {
  readonly values: SettingValues;
  /** The same values with their sources, for `deckhand settings`. */
  readonly sourced: SourcedSettings;
  /** Host entries of all files by name; the source is the entry's `file:line`. */
  readonly hosts: ReadonlyMap<string, Sourced<HostEntry>>;
  /** Members of each group: names of hosts, or of groups (`@name` says group). */
  readonly groups: ReadonlyMap<string, Sourced<readonly string[]>>;
  readonly modelServers: ReadonlyMap<string, Sourced<ModelServerEntry>>;
  readonly presets: ReadonlyMap<string, Sourced<PresetEntry>>;
  /** Files that were read, nearest first. */
  readonly files: readonly string[];
}

/** Texts of command line flags by setting; a missing flag is undefined. */
export type SettingFlags = Readonly<Partial<Record<SettingName, string | undefined>>>;

/** Merges all layers; `files` nearest first. Pure. @throws DeckhandError `settings.invalid`, `input.invalid`. */
export function mergeSettings(
  files: readonly LoadedFile[],
  environment: Environment,
  flags: SettingFlags = {},
): Settings {
  const sourced = Object.fromEntries(
    SETTING_NAMES.map(name => [name, chooseValue(name, files, environment, flags)]),
  ) as unknown as SourcedSettings;
  const values = Object.fromEntries(
    SETTING_NAMES.map(name => [name, sourced[name].value]),
  ) as unknown as SettingValues;
  return {
    values,
    sourced,
    hosts: mergeNamed(files, 'hosts'),
    groups: mergeNamed(files, 'groups'),
    // a project must not lead a person's key to another server by giving it the name of theirs
    modelServers: mergeNamed(files.toReversed(), 'modelServers'),
    presets: mergeNamed(files, 'presets'),
    files: files.map(loaded => loaded.file),
  };
}

function chooseValue(
  name: SettingName,
  files: readonly LoadedFile[],
  environment: Environment,
  flags: SettingFlags,
): Sourced<unknown> {
  const flag = flags[name];
  if (flag !== undefined) return readText(name, flag, `flag --${flagName(name)}`, 'input.invalid');
  const variable = environmentName(name);
  const text = environment[variable];
  if (text !== undefined && text !== '') {
    return readText(name, text, `environment ${variable}`, 'settings.invalid');
  }
  const path = name.split('.');
  const found: Sourced<unknown>[] = [];
  for (const loaded of files) {
    const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], {
      ...loaded.settings,
    });
    if (value !== undefined) found.push({ value, source: `${loaded.file}:${loaded.lineOf(path)}` });
  }
  return chooseAmong(name, found) ?? { value: DEFAULTS[name], source: 'default' };
}

/** The nearest file's value; a project that somebody else wrote must not loosen what the person has set for themselves. */
function chooseAmong(
  name: SettingName,
  nearestFirst: readonly Sourced<unknown>[],
): Sourced<unknown> | undefined {
  // where what is known of hosts is sent to is for the person to say
  if (name === 'policy.rules' || name === 'agent.improver' || name.startsWith('agent.model'))
    return nearestFirst.at(-1);
  if (name.startsWith('agent.budget.')) return smallestBound(nearestFirst);
  // what the person wants written down is written down in a project too
  if (name === 'policy.terminal.record')
    return nearestFirst.find(({ value }) => value === true) ?? nearestFirst[0];
  if (name !== 'policy.mode') return nearestFirst[0];
  const strictness = ({ value }: Sourced<unknown>): number =>
    STRICTEST_FIRST.indexOf(value as SettingValue<'policy.mode'>);
  return nearestFirst.toSorted((one, other) => strictness(one) - strictness(other))[0];
}

/** 0 bounds nothing. */
function smallestBound(found: readonly Sourced<unknown>[]): Sourced<unknown> | undefined {
  const bound = ({ value }: Sourced<unknown>): number =>
    value === 0 ? Number.POSITIVE_INFINITY : Number(value);
  return found.toSorted((one, other) => bound(one) - bound(other))[0];
}

const STRICTEST_FIRST: readonly SettingValue<'policy.mode'>[] = [
  'read-only',
  'ask',
  'allow-list',
  'auto',
  'off',
];

/** `facts.maxAge` → `facts-max-age`. */
export function flagName(name: SettingName): string {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll('.', '-')
    .toLowerCase();
}

function readText(
  name: SettingName,
  text: string,
  source: string,
  code: 'settings.invalid' | 'input.invalid',
): Sourced<unknown> {
  const result = SETTING_SCHEMAS[name].safeParse(text);
  if (result.success) return { value: result.data, source };
  const fault = result.error.issues[0]?.message ?? 'invalid';
  throw new DeckhandError(code, `${source}: ${name}: ${fault}.`, { details: { source, field: name } });
}

function mergeNamed<Field extends 'hosts' | 'groups' | 'modelServers' | 'presets'>(
  files: readonly LoadedFile[],
  field: Field,
): Map<string, Sourced<NonNullable<LoadedFile['settings'][Field]>[string]>> {
  type Value = NonNullable<LoadedFile['settings'][Field]>[string];
  const merged = new Map<string, Sourced<Value>>();
  for (const loaded of files) {
    for (const [name, value] of Object.entries(loaded.settings[field] ?? {}) as [string, Value][]) {
      if (merged.has(name)) continue;
      merged.set(name, { value, source: `${loaded.file}:${loaded.lineOf([field, name])}` });
    }
  }
  return merged;
}
