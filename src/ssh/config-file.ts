import { globSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'ssh-config';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { LocalFacts, SshSettings } from './ssh-settings.ts';
import type { HostTarget } from './target.ts';

const SYSTEM_FILE = '/etc/ssh/ssh_config';
const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ed25519'];
const DEEPEST_INCLUDE = 16;

/** The settings of one host read from the files themselves: for machines without an ssh client. */
export function readConfigFile(
  target: HostTarget,
  configFile: string | undefined,
  facts: LocalFacts,
): SshSettings {
  const files = configFile === undefined ? [join(facts.home, '.ssh', 'config'), SYSTEM_FILE] : [configFile];
  const text = files.map(file => readWithIncludes(file, facts, 0)).join('\nMatch all\n');
  return settingsFromText(text, target);
}

/** Pure part: configuration text (includes already in place) to settings with OpenSSH's defaults. */
export function settingsFromText(text: string, target: HostTarget): SshSettings {
  const settings = new Map<string, string[]>();
  for (const [key, value] of Object.entries(compute(text, target))) {
    settings.set(key.toLowerCase(), [value].flat().map(String));
  }
  if (target.user !== null) settings.set('user', [target.user]);
  if (target.port !== null) settings.set('port', [String(target.port)]);
  const address = settings.get('hostname')?.[0];
  if (address !== undefined) settings.set('hostname', [address.replaceAll('%h', target.name)]);
  const missing: Readonly<Record<string, readonly string[]>> = {
    hostname: [target.name],
    identityfile: DEFAULT_KEYS.map(name => `~/.ssh/${name}`),
    userknownhostsfile: ['~/.ssh/known_hosts ~/.ssh/known_hosts2'],
    globalknownhostsfile: ['/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2'],
  };
  for (const [key, values] of Object.entries(missing)) {
    if (!settings.has(key)) settings.set(key, [...values]);
  }
  return settings;
}

function compute(text: string, target: HostTarget): Record<string, string | string[]> {
  const query = { Host: target.name, ...(target.user === null ? {} : { User: target.user }) };
  try {
    return parse(text).compute(query, { ignoreCase: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeckhandError('settings.invalid', `The ssh configuration cannot be read: ${reason}`, {
      details: { host: target.name },
      cause: error,
    });
  }
}

/** The text with each `Include` replaced by its files; the block around it goes on after them. */
function readWithIncludes(file: string, facts: LocalFacts, depth: number): string {
  if (file === 'none' || depth > DEEPEST_INCLUDE) return '';
  let header = '';
  return readIfThere(file)
    .split('\n')
    .flatMap(line => {
      if (/^\s*(host|match)[\s=]/i.test(line)) header = line;
      const include = /^\s*include[\s=]+(.+)$/i.exec(line);
      if (include === null) return [line];
      const base = file.startsWith('/etc/') ? dirname(SYSTEM_FILE) : join(facts.home, '.ssh');
      return [...includedFiles(include[1] ?? '', base, facts), null].map(path =>
        path === null ? header : readWithIncludes(path, facts, depth + 1),
      );
    })
    .join('\n');
}

function includedFiles(patterns: string, base: string, facts: LocalFacts): string[] {
  return patterns
    .trim()
    .split(/\s+/)
    .map(pattern => pattern.replaceAll('"', '').replace(/^~(?=\/)/, () => facts.home))
    .flatMap(pattern => globSync(isAbsolute(pattern) ? pattern : join(base, pattern)).sort());
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
