import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import { readYaml } from '../core/yaml.ts';
import type { NotifyRule } from './notify-schema.ts';
import { type SettingsFile, settingsFileSchema } from './schema.ts';

export const SETTINGS_FILE_NAME = 'deckhand.yaml';

/** A settings file that was read and fits its schema; paths in it are absolute. */
export interface LoadedFile {
  readonly file: string;
  readonly settings: SettingsFile;
  /** 1-based line of a field. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** Text of a settings file as a checked value. Pure. @throws DeckhandError `settings.invalid`. */
export function parseSettingsFile(text: string, file: string, home: string): LoadedFile {
  const yaml = readYaml(text, file, 'settings.invalid');
  const result = settingsFileSchema.safeParse(yaml.value ?? {});
  if (result.success) {
    return {
      file,
      settings: absolutePaths(result.data, dirname(file), home),
      lineOf: path => yaml.lineOf(path),
    };
  }
  const issue = result.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...(issue?.path ?? []), ...unknown];
  const line = yaml.lineOf(path);
  const field = path.map(String).join('.');
  const fault = unknown.length > 0 ? 'no such setting' : (issue?.message ?? 'invalid');
  throw new DeckhandError(
    'settings.invalid',
    `${file}:${line}: ${field === '' ? 'file' : field}: ${fault}.`,
    {
      details: { file, line, field },
    },
  );
}

/**
 * Reads one settings file; null where there is none.
 * @throws DeckhandError `settings.invalid`, or `local.file-missing` when it exists but cannot be read.
 */
export async function readSettingsFile(file: string, home: string = homedir()): Promise<LoadedFile | null> {
  const status = await stat(file).catch(() => null);
  if (!status?.isFile()) return null;
  if (!trusted(status.uid, status.mode)) {
    throw new DeckhandError(
      'settings.invalid',
      `${file} belongs to another account or can be written by everyone; it could send you to a false host.`,
      { details: { file, line: 1, field: '' }, hint: `Own the file and run: chmod o-w ${file}` },
    );
  }
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new DeckhandError('local.file-missing', `${file} cannot be read: ${error.message}`, {
      cause: error,
      details: { file },
    });
  });
  return parseSettingsFile(text, file, home);
}

/** Whom we trust to say where to connect: ourselves, root, and the person behind sudo. */
function trusted(owner: number, mode: number): boolean {
  const self = process.getuid?.();
  if (self === undefined) return true;
  const person = self === 0 ? Number(process.env['SUDO_UID'] ?? 0) : self;
  return [self, 0, person].includes(owner) && (mode & 0o002) === 0;
}

/** The nearest `deckhand.yaml` in `folder` or above it; null where there is none. */
export async function findProjectFile(folder: string): Promise<string | null> {
  for (let place = resolve(folder); ; place = dirname(place)) {
    const file = join(place, SETTINGS_FILE_NAME);
    if ((await stat(file).catch(() => null))?.isFile()) return file;
    if (dirname(place) === place) return null;
  }
}

/** Paths in a file are meant from where the file is; `~` is the person's home. */
export function absolutePath(path: string, folder: string, home: string): string {
  if (path === '~' || path.startsWith('~/')) return join(home, path.slice(1));
  return isAbsolute(path) ? path : resolve(folder, path);
}

function absolutePaths(settings: SettingsFile, folder: string, home: string): SettingsFile {
  const absolute = (path: string): string => absolutePath(path, folder, home);
  const { hosts, runbooks, modelServers, policy, notify, ...rest } = settings;
  return {
    ...rest,
    ...(runbooks && { runbooks: runbooks.map(absolute) }),
    ...(policy && {
      policy: { ...policy, ...(policy.rules !== undefined && { rules: absolute(policy.rules) }) },
    }),
    ...(notify && { notify: notify.map(rule => absoluteRule(rule, absolute)) }),
    ...(modelServers && {
      modelServers: Object.fromEntries(
        Object.entries(modelServers).map(([name, { keyFile, ...entry }]) => [
          name,
          { ...entry, ...(keyFile && { keyFile: absolute(keyFile) }) },
        ]),
      ),
    }),
    ...(hosts && {
      hosts: Object.fromEntries(
        Object.entries(hosts).map(([name, entry]) => [
          name,
          {
            ...entry,
            ...(entry.identityFile && { identityFile: absolute(entry.identityFile) }),
            ...(entry.knownHostsFile && { knownHostsFile: absolute(entry.knownHostsFile) }),
          },
        ]),
      ),
    }),
  };
}

function absoluteRule(rule: NotifyRule, absolute: (path: string) => string): NotifyRule {
  const { webhook, email, log } = rule;
  return {
    ...rule,
    ...(log !== undefined && { log: absolute(log) }),
    ...(webhook && { webhook: { ...webhook, secretFile: absolute(webhook.secretFile) } }),
    ...(email?.passwordFile !== undefined && {
      email: { ...email, passwordFile: absolute(email.passwordFile) },
    }),
  };
}
