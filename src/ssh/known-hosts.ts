import { createHash, createHmac } from 'node:crypto';
import type { HostKeyIdentity } from './connection.ts';

/** One line of a known_hosts file that holds a key. */
export interface KnownHostEntry {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  /** As written: `web,10.0.0.5`, `[web]:2222`, `*.example.org,!bad.example.org` or `|1|salt|hash`. */
  readonly hosts: string;
  readonly type: string;
  /** The key blob in base64. */
  readonly key: string;
}

export interface KnownKey extends HostKeyIdentity {
  readonly file: string;
  readonly line: number;
}

/** `changed` names what is known instead; a key of another type than the known ones is changed too. */
export type HostKeyVerdict =
  | { readonly verdict: 'known'; readonly presented: HostKeyIdentity; readonly entry: KnownKey }
  | { readonly verdict: 'unknown'; readonly presented: HostKeyIdentity }
  | { readonly verdict: 'changed'; readonly presented: HostKeyIdentity; readonly known: readonly KnownKey[] }
  | { readonly verdict: 'revoked'; readonly presented: HostKeyIdentity; readonly entry: KnownKey };

/** How a host is looked up in known_hosts. */
export interface HostNames {
  /** `web`, or `[web]:2222` where the port is not 22. */
  readonly name: string;
  /** The name without port: its key is accepted as well, as OpenSSH does. */
  readonly withoutPort: string | null;
}

/** Key types that the handshake can verify, best first; SHA-1 signatures are never asked for. */
const HANDSHAKE_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

export type HandshakeKeyType = (typeof HANDSHAKE_TYPES)[number];

/** Reads a known_hosts file; comments, blank and malformed lines are left out. */
export function parseKnownHosts(text: string, file: string): KnownHostEntry[] {
  return text.split('\n').flatMap((line, index) => {
    const words = line.trim().split(/\s+/);
    const first = words[0] ?? '';
    if (first === '' || first.startsWith('#')) return [];
    const marker = first === '@revoked' ? 'revoked' : first === '@cert-authority' ? 'cert-authority' : 'none';
    if (first.startsWith('@') && marker === 'none') return [];
    const [hosts, type, key] = marker === 'none' ? words : words.slice(1);
    if (hosts === undefined || type === undefined || key === undefined) return [];
    if (!isKeyOfType(type, key)) return [];
    return [{ file, line: index + 1, marker, hosts, type, key }];
  });
}

/** The name or names of a host in known_hosts; an alias is used as it is, without port. */
export function hostNames(address: string, port: number, alias: string | null): HostNames {
  if (alias !== null) return { name: alias.toLowerCase(), withoutPort: null };
  const plain = address.toLowerCase();
  return port === 22
    ? { name: plain, withoutPort: null }
    : { name: `[${plain}]:${port}`, withoutPort: plain };
}

/** Those that speak of a host: all that a decision about it needs. */
export function entriesFor(entries: readonly KnownHostEntry[], names: HostNames): KnownHostEntry[] {
  return entries.filter(({ hosts }) =>
    [names.name, names.withoutPort].some(name => name !== null && matchesHost(hosts, name)),
  );
}

/** What known_hosts says about a presented key. Authorities are ignored: certificates are not spoken. */
export function decideHostKey(
  entries: readonly KnownHostEntry[],
  names: HostNames,
  key: Uint8Array,
): HostKeyVerdict {
  const presented = identifyKey(key);
  const encoded = Buffer.from(key).toString('base64');
  const matching = entriesFor(entries, names);
  const revoked = matching.find(entry => entry.marker === 'revoked' && entry.key === encoded);
  if (revoked) return { verdict: 'revoked', presented, entry: knownKey(revoked) };
  const plain = matching.filter(entry => entry.marker === 'none');
  const same = plain.find(entry => entry.key === encoded);
  if (same) return { verdict: 'known', presented, entry: knownKey(same) };
  // Only lines for this very port can contradict: another sshd on the machine has other keys.
  const known = plain.filter(entry => matchesHost(entry.hosts, names.name)).map(knownKey);
  return known.length > 0 ? { verdict: 'changed', presented, known } : { verdict: 'unknown', presented };
}

/** The order in which to ask for host keys: types already known first, none left out, none weaker added. */
export function preferredKeyTypes(entries: readonly KnownHostEntry[], names: HostNames): HandshakeKeyType[] {
  const exact = entries.filter(entry => entry.marker === 'none' && matchesHost(entry.hosts, names.name));
  const usable =
    exact.length > 0 || names.withoutPort === null
      ? exact
      : entries.filter(entry => entry.marker === 'none' && matchesHost(entry.hosts, names.withoutPort ?? ''));
  const known = new Set(usable.map(entry => entry.type));
  const isKnown = (type: HandshakeKeyType): boolean => known.has(type.startsWith('rsa-') ? 'ssh-rsa' : type);
  return [...HANDSHAKE_TYPES.filter(isKnown), ...HANDSHAKE_TYPES.filter(type => !isKnown(type))];
}

/** The line to append for an accepted key, newline included. */
export function knownHostLine(names: HostNames, key: Uint8Array): string {
  return `${names.name} ${blobType(key)} ${Buffer.from(key).toString('base64')}\n`;
}

export function identifyKey(key: Uint8Array): HostKeyIdentity {
  const digest = createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
  return { type: blobType(key), fingerprint: `SHA256:${digest}` };
}

function knownKey(entry: KnownHostEntry): KnownKey {
  return { ...identifyKey(Buffer.from(entry.key, 'base64')), file: entry.file, line: entry.line };
}

/** A key blob begins with its own type: four bytes of length, then the name. */
function blobType(key: Uint8Array): string {
  const bytes = Buffer.from(key);
  if (bytes.length < 4) return 'unknown';
  const length = bytes.readUInt32BE(0);
  return length > 64 || length + 4 > bytes.length ? 'unknown' : bytes.toString('latin1', 4, 4 + length);
}

function isKeyOfType(type: string, key: string): boolean {
  return blobType(Buffer.from(key, 'base64')) === type;
}

function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) return matchesHash(hosts, name);
  let matched = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!');
    if (!matchesPattern(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function matchesHash(hosts: string, name: string): boolean {
  const [, , salt, hash] = hosts.split('|');
  if (salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}
