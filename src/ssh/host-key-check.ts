import { appendFile, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { HostKeyIdentity, HostKeyPolicy } from './connection.ts';
import {
  decideHostKey,
  entriesFor,
  type HandshakeKeyType,
  type HostKeyVerdict,
  hostNames,
  knownHostLine,
  preferredKeyTypes,
} from './known-hosts.ts';
import { readKnownHosts } from './known-hosts-files.ts';
import type { ResolvedHost } from './resolved-host.ts';

/** Verifies the key of one host against its known_hosts files and the policy. */
export interface HostKeyCheck {
  /** Order to ask for, known types first. */
  readonly keyTypes: readonly HandshakeKeyType[];
  /**
   * Resolves when the key may be trusted. Throws `ssh.host-key-unknown`, `ssh.host-key-changed`,
   * `ssh.host-key-revoked`.
   */
  verify(key: Uint8Array): Promise<HostKeyIdentity>;
}

export async function openHostKeyCheck(host: ResolvedHost, policy: HostKeyPolicy): Promise<HostKeyCheck> {
  const names = hostNames(host.address, host.port, host.hostKeyAlias);
  const all = await readKnownHosts([...host.userKnownHostsFiles, ...host.globalKnownHostsFiles]);
  const entries = entriesFor(all, names);
  return {
    keyTypes: preferredKeyTypes(entries, names),
    verify: async key => {
      const decision = decideHostKey(entries, names, key);
      refuseBadKey(host, decision);
      if (decision.verdict === 'unknown') {
        await acceptOrRefuse(host, decision.presented, policy);
        await append(host.userKnownHostsFiles[0], knownHostLine(names, key));
      }
      return decision.presented;
    },
  };
}

function refuseBadKey(host: ResolvedHost, decision: HostKeyVerdict): void {
  const { presented } = decision;
  if (decision.verdict === 'revoked') {
    const { file, line } = decision.entry;
    throw new DeckhandError(
      'ssh.host-key-revoked',
      `The key of ${host.name} (${presented.type} ${presented.fingerprint}) is revoked by ${file}:${line}.`,
      { details: { host: host.name, presented, file, line } },
    );
  }
  if (decision.verdict !== 'changed') return;
  const known = decision.known.map(key => `${key.type} ${key.fingerprint} (${key.file}:${key.line})`);
  throw new DeckhandError(
    'ssh.host-key-changed',
    `${host.name} presented the key ${presented.type} ${presented.fingerprint}, but known is ${known.join(', ')}.`,
    {
      details: { host: host.name, address: host.address, port: host.port, presented, known: decision.known },
    },
  );
}

async function acceptOrRefuse(
  host: ResolvedHost,
  key: HostKeyIdentity,
  policy: HostKeyPolicy,
): Promise<void> {
  const mode = host.strictHostKeyChecking;
  if (mode === 'accept-new' || mode === 'no') return;
  if (mode === 'ask' && (await policy.acceptUnknown(host.name, key))) return;
  throw new DeckhandError(
    'ssh.host-key-unknown',
    `The key of ${host.name} (${key.type} ${key.fingerprint}) is in no known_hosts file.`,
    { details: { host: host.name, address: host.address, port: host.port, presented: key } },
  );
}

async function append(file: string | undefined, line: string): Promise<void> {
  if (file === undefined || file === '/dev/null') return;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const separator = (await endsWithNewline(file)) ? '' : '\n';
    await appendFile(file, separator + line, { mode: 0o600 });
  } catch (error) {
    throw new DeckhandError('local.file-missing', `The accepted key cannot be written to ${file}.`, {
      details: { path: file },
      cause: error,
    });
  }
}

async function endsWithNewline(file: string): Promise<boolean> {
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    if (size === 0) return true;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] === 10;
  } catch {
    return true;
  }
}
