import { isIP, isIPv6 } from 'node:net';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { HostOverrides } from '../ssh/resolve-host.ts';
import type { FleetHost, Inventory } from './inventory.ts';

const DNS_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;
const ACCOUNT = /^[A-Za-z0-9_][A-Za-z0-9._\\$-]{0,63}$/;

interface Address {
  readonly user?: string;
  readonly address: string;
  readonly port?: number;
}

/** Is this the address of a host rather than a name that must be known? `user@…`, an IP, a dotted name. */
export function looksAdHoc(term: string): boolean {
  const parsed = parseAddress(term);
  if (!parsed) return term.includes('@');
  if (parsed.user !== undefined || isIP(parsed.address) > 0) return true;
  return /\.[A-Za-z][A-Za-z0-9-]+\.?$/.test(parsed.address);
}

/**
 * A host that is in no file. When the address part is a known host (`root@web-1`), what is known of
 * that host holds, but for user and port.
 * @throws DeckhandError `input.invalid` when it is no address.
 */
export function adHocHost(inventory: Inventory, term: string): FleetHost {
  const parsed = parseAddress(term);
  if (!parsed) {
    throw new DeckhandError('input.invalid', `'${term}' is no address; write user@address or address:port.`, {
      details: { term },
    });
  }
  const known = inventory.hosts.find(host => host.name === parsed.address);
  if (known) {
    const { address: _address, ...said } = parsed;
    const overrides: HostOverrides = { ...known.overrides, ...said };
    return { ...known, name: term, overrides };
  }
  return { name: term, source: 'ad-hoc', groups: [], tags: [], overrides: {} };
}

/** `[user@]address[:port]`; IPv6 with a port needs brackets. Null for anything else. */
export function parseAddress(term: string): Address | null {
  const at = term.lastIndexOf('@');
  const user = at >= 0 ? term.slice(0, at) : undefined;
  const rest = term.slice(at + 1);
  if (user !== undefined && !ACCOUNT.test(user)) return null;
  const match =
    /^\[([^\]]+)\](?::(\d+))?$/.exec(rest) ?? (isIPv6(rest) ? null : /^([^:]+)(?::(\d+))?$/.exec(rest));
  const address = match?.[1] ?? rest;
  if (isIP(address) === 0 && !DNS_NAME.test(address)) return null;
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  if (port !== undefined && (port < 1 || port > 65_535)) return null;
  return { address, ...(user !== undefined && { user }), ...(port !== undefined && { port }) };
}
