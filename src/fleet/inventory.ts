import { join } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { HostEntry } from '../settings/schema.ts';
import type { Settings } from '../settings/merge.ts';
import type { HostOverrides } from '../ssh/resolve-host.ts';
import { readSshAliases, type SshAlias } from './ssh-aliases.ts';

export interface FleetHost {
  /** The name shown, and the one a person writes. */
  readonly name: string;
  /** `ssh-config FILE:LINE`, `deckhand.yaml FILE:LINE` or `ad-hoc`. */
  readonly source: string;
  /** All groups it is in, also through groups of groups; sorted. */
  readonly groups: readonly string[];
  readonly tags: readonly string[];
  /** What `deckhand.yaml` (or an ad-hoc term) says beyond the OpenSSH configuration. */
  readonly overrides: HostOverrides;
}

export interface Inventory {
  /** Sorted by name, numbers by value: web-2 before web-10. */
  readonly hosts: readonly FleetHost[];
  readonly groups: readonly string[];
}

// made once: making one costs more than thousands of comparisons
const namesInOrder = new Intl.Collator('en', { numeric: true });

/** Order of names for people. */
export function compareNames(a: string, b: string): number {
  return namesInOrder.compare(a, b);
}

/**
 * Reads `~/.ssh/config` (or `sshConfigFile`) and joins it with the hosts of the settings.
 * @throws DeckhandError `settings.invalid` for groups with unknown members or in a circle.
 */
export async function loadInventory(
  settings: Settings,
  home: string,
  sshConfigFile: string = join(home, '.ssh', 'config'),
): Promise<Inventory> {
  return buildInventory(await readSshAliases(sshConfigFile, home), settings);
}

/** One list of hosts; an entry of `deckhand.yaml` adds to an alias of the same name. Pure. */
export function buildInventory(
  aliases: readonly SshAlias[],
  settings: Pick<Settings, 'hosts' | 'groups'>,
): Inventory {
  const names = [...new Set([...aliases.map(alias => alias.name), ...settings.hosts.keys()])];
  const groupsOf = resolveGroups(new Set(names), settings);
  const aliasOf = new Map(aliases.map(alias => [alias.name, alias]));
  const hosts = names.sort(compareNames).map((name): FleetHost => {
    const entry = settings.hosts.get(name);
    const alias = aliasOf.get(name);
    return {
      name,
      source: entry ? `deckhand.yaml ${entry.source}` : `ssh-config ${alias?.file}:${alias?.line}`,
      groups: [...(groupsOf.get(name) ?? [])].sort(compareNames),
      tags: entry?.value.tags ?? [],
      overrides: entry ? overridesOf(entry.value) : {},
    };
  });
  const groups = new Set([...settings.groups.keys(), ...hosts.flatMap(host => host.groups)]);
  return { hosts, groups: [...groups].sort(compareNames) };
}

function overridesOf(entry: HostEntry): HostOverrides {
  const { groups: _groups, tags: _tags, jump, ...rest } = entry;
  const said = Object.entries({ ...rest, proxyJump: jump && (jump.join(',') || 'none') });
  return Object.fromEntries(said.filter(([, value]) => value !== undefined)) as HostOverrides;
}

/** Groups of each host, from `groups:` of the file and from `groups:` of each host. */
function resolveGroups(
  hosts: ReadonlySet<string>,
  settings: Pick<Settings, 'hosts' | 'groups'>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const groupsOf = new Map<string, Set<string>>();
  const members = membersByGroup(settings);
  // each group is looked into once, however many others contain it
  const hostsOf = new Map<string, ReadonlySet<string>>();
  const resolve = (group: string, outer: readonly string[]): ReadonlySet<string> => {
    const known = hostsOf.get(group);
    if (known) return known;
    const found = new Set<string>();
    for (const member of members.get(group) ?? []) {
      const name = member.replace(/^@/, '');
      if (hosts.has(name) && !member.startsWith('@')) found.add(name);
      else if (!members.has(name))
        throw faultOf(settings, group, `its member '${member}' is neither a host nor a group`);
      else if (outer.includes(name))
        throw faultOf(settings, group, `groups contain each other: ${[...outer, name].join(' → ')}`);
      else for (const host of resolve(name, [...outer, name])) found.add(host);
    }
    hostsOf.set(group, found);
    return found;
  };
  for (const group of members.keys())
    for (const host of resolve(group, [group]))
      groupsOf.set(host, (groupsOf.get(host) ?? new Set()).add(group));
  return groupsOf;
}

function membersByGroup(settings: Pick<Settings, 'hosts' | 'groups'>): Map<string, Set<string>> {
  const members = new Map<string, Set<string>>();
  for (const [group, { value }] of settings.groups) members.set(group, new Set(value));
  for (const [name, { value }] of settings.hosts) {
    for (const group of value.groups) members.set(group, (members.get(group) ?? new Set()).add(name));
  }
  return members;
}

function faultOf(settings: Pick<Settings, 'groups'>, group: string, fault: string): DeckhandError {
  const source = settings.groups.get(group)?.source ?? 'deckhand.yaml';
  return new DeckhandError('settings.invalid', `${source}: groups.${group}: ${fault}.`, {
    details: { source, field: `groups.${group}` },
  });
}
