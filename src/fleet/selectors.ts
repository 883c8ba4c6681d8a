import { DeckhandError } from '../core/deckhand-error.ts';
import { adHocHost, looksAdHoc } from './ad-hoc.ts';
import { compareNames, type FleetHost, type Inventory } from './inventory.ts';
import { matchesPattern } from './name-pattern.ts';
import { nearestNames } from './nearest-names.ts';

export interface SelectOptions {
  /** Take every name that is not known as an address (`--ad-hoc`). */
  readonly adHoc?: boolean;
}

/**
 * The hosts that a selector names, each once, in order of names. Pure.
 *
 * Terms are separated by commas or spaces: `web-1` a host, `web-*` a pattern (`*`, `?`, `[ab]`),
 * `@web` a group, `all`, `!term` leaves out whatever the term names, wherever it stands;
 * `user@address:port`, an IP address or a dotted name is a host that need not be known.
 * @throws DeckhandError `fleet.unknown-host` for a name, group or pattern that names nothing (also
 *   after `!`: a slip there would touch a host that was to be spared), `input.invalid` for no term.
 */
export function selectHosts(
  inventory: Inventory,
  selector: string | readonly string[],
  options: SelectOptions = {},
): readonly FleetHost[] {
  const terms = [selector].flat().flatMap(part => part.split(/[,\s]+/).filter(term => term !== ''));
  const wanted = terms.filter(term => !term.startsWith('!'));
  if (wanted.length === 0) throw nothingWanted(terms);
  const chosen = new Map<string, FleetHost>();
  for (const term of wanted) {
    for (const host of hostsOfTerm(inventory, term, options)) chosen.set(host.name, host);
  }
  for (const term of terms) {
    if (!term.startsWith('!')) continue;
    for (const host of hostsOfTerm(inventory, term.slice(1), options)) chosen.delete(host.name);
  }
  if (chosen.size === 0) throw nobodyLeft(terms);
  return [...chosen.values()].sort((a, b) => compareNames(a.name, b.name));
}

function hostsOfTerm(inventory: Inventory, term: string, options: SelectOptions): readonly FleetHost[] {
  if (term === 'all') {
    if (inventory.hosts.length === 0) throw unknown(inventory, term, 'no host is known yet');
    return inventory.hosts;
  }
  if (term.startsWith('@')) return hostsOfGroup(inventory, term);
  const known = inventory.hosts.find(host => host.name === term);
  if (known) return [known];
  if (/[*?]/.test(term) || (/\[[^:]*\]/.test(term) && !term.includes('@'))) {
    const hosts = inventory.hosts.filter(host => matchesPattern(term, host.name));
    if (hosts.length === 0) throw unknown(inventory, term, `no host fits the pattern '${term}'`);
    return hosts;
  }
  if (looksAdHoc(term) || options.adHoc === true) return [adHocHost(inventory, term)];
  throw unknown(inventory, term, `no host is called '${term}'`);
}

function hostsOfGroup(inventory: Inventory, term: string): readonly FleetHost[] {
  const group = term.slice(1);
  if (!inventory.groups.includes(group)) throw unknown(inventory, term, `no group is called '${group}'`);
  const hosts = inventory.hosts.filter(host => host.groups.includes(group));
  if (hosts.length === 0) throw unknown(inventory, term, `group '${group}' is empty`);
  return hosts;
}

function unknown(inventory: Inventory, term: string, fault: string): DeckhandError {
  const candidates = term.startsWith('@')
    ? inventory.groups.map(group => `@${group}`)
    : [...inventory.hosts.map(host => host.name), ...inventory.groups.map(group => `@${group}`)];
  const near = inventory.groups.includes(term) ? [`@${term}`] : nearestNames(term, candidates);
  const question = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
  return new DeckhandError('fleet.unknown-host', `${fault[0]?.toUpperCase()}${fault.slice(1)}.${question}`, {
    details: { term, near },
  });
}

function nothingWanted(terms: readonly string[]): DeckhandError {
  const message =
    terms.length === 0
      ? 'The selector names no host.'
      : `The selector says only whom to leave out; write all,${terms.join(',')} to mean everybody else.`;
  return new DeckhandError('input.invalid', message, { details: { terms } });
}

function nobodyLeft(terms: readonly string[]): DeckhandError {
  return new DeckhandError('fleet.unknown-host', `Nobody is left of '${terms.join(',')}'.`, {
    details: { terms },
    hint: 'Everything that is named is also left out.',
  });
}
