import { optionBeyondSsh2 } from './choose-engine.ts';
import type { ResolvedHost } from './resolved-host.ts';

/** Options of one host by lower-case name, as `ssh -G` prints them; several values where repeated. */
export type SshSettings = ReadonlyMap<string, readonly string[]>;

/** Facts of this machine that settings refer to; arguments so that tests are pure. */
export interface LocalFacts {
  readonly home: string;
  readonly user: string;
  readonly hostName: string;
  readonly userId: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fileExists: (path: string) => boolean;
}

/** Reads the output of `ssh -G`. */
export function parseSettings(text: string): SshSettings {
  const settings = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space <= 0) continue;
    const key = line.slice(0, space).toLowerCase();
    const values = settings.get(key) ?? [];
    values.push(line.slice(space + 1).trim());
    settings.set(key, values);
  }
  return settings;
}

/** Settings to the host they describe: pure apart from asking which files exist. */
export function hostFromSettings(name: string, settings: SshSettings, facts: LocalFacts): ResolvedHost {
  const first = (key: string): string | null => settings.get(key)?.[0] ?? null;
  const address = first('hostname') ?? name;
  const port = Number(first('port') ?? 22);
  const user = first('user') ?? facts.user;
  const hostKeyAlias = present(first('hostkeyalias'));
  const expand = (path: string): string =>
    expandPath(path, facts, { name, address, port, user, alias: hostKeyAlias });
  const files = (key: string): string[] =>
    unique((settings.get(key) ?? []).flatMap(words).filter(isSet).map(expand));
  const timeout = Number(first('connecttimeout'));
  const ciphers = first('ciphers');
  return {
    name,
    address,
    port,
    user,
    identityFiles: unique((settings.get('identityfile') ?? []).map(unquote).filter(isSet).map(expand)).filter(
      facts.fileExists,
    ),
    identitiesOnly: isYes(first('identitiesonly')),
    agent: agentPath(first('identityagent'), facts, expand),
    hostKeyAlias,
    userKnownHostsFiles: files('userknownhostsfile'),
    globalKnownHostsFiles: files('globalknownhostsfile'),
    strictHostKeyChecking: strictness(first('stricthostkeychecking')),
    proxyJump: (present(first('proxyjump')) ?? '').split(',').filter(hop => hop !== ''),
    unsupported: optionBeyondSsh2(settings),
    ...(ciphers === null ? {} : { ciphers: ciphers.split(',') }),
    connectTimeout: timeout > 0 ? timeout * 1000 : null,
  };
}

function agentPath(value: string | null, facts: LocalFacts, expand: (path: string) => string): string | null {
  const fromEnvironment = facts.environment['SSH_AUTH_SOCK'] ?? null;
  if (value === null || value === 'SSH_AUTH_SOCK') return fromEnvironment;
  if (!isSet(value)) return null;
  if (value.startsWith('$')) return facts.environment[value.replace(/^\$\{?|\}$/g, '')] ?? null;
  return expand(unquote(value));
}

function strictness(value: string | null): ResolvedHost['strictHostKeyChecking'] {
  if (value === 'accept-new') return 'accept-new';
  if (isYes(value)) return 'yes';
  return isNo(value) || value === 'off' ? 'no' : 'ask';
}

interface Names {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly alias: string | null;
}

function expandPath(path: string, facts: LocalFacts, names: Names): string {
  const tokens: Readonly<Record<string, string>> = {
    '%': '%',
    d: facts.home,
    h: names.address,
    i: String(facts.userId),
    k: names.alias ?? names.name,
    L: facts.hostName.split('.')[0] ?? facts.hostName,
    l: facts.hostName,
    n: names.name,
    p: String(names.port),
    r: names.user,
    u: facts.user,
  };
  const withHome = path.replace(/^~(?=\/|$)/, () => facts.home);
  return withHome
    .replaceAll(/%([%a-zA-Z])/g, (whole, letter: string) => tokens[letter] ?? whole)
    .replaceAll(/\$\{(\w+)\}/g, (whole, variable: string) => facts.environment[variable] ?? whole);
}

function words(value: string): string[] {
  return (value.match(/"[^"]*"|\S+/g) ?? []).map(unquote);
}
function unquote(value: string): string {
  return value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
}
function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
function isSet(value: string): boolean {
  return value !== '' && value.toLowerCase() !== 'none';
}
function present(value: string | null): string | null {
  return value !== null && isSet(value) ? value : null;
}
function isYes(value: string | null): boolean {
  return value === 'yes' || value === 'true';
}
function isNo(value: string | null): boolean {
  return value === 'no' || value === 'false';
}
