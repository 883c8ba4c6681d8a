import type { DeckhandError } from '../../src/core/deckhand-error.ts';
import type { ConnectOptions, SshConnection } from '../../src/ssh/connection.ts';
import { type HostOverrides, resolveHost } from '../../src/ssh/resolve-host.ts';
import type { ResolvedHost } from '../../src/ssh/resolved-host.ts';
import { ssh2Engine } from '../../src/ssh/ssh2-engine.ts';
import type { PlainSshd } from './plain-sshd.ts';

/** What the ssh tests share: a person with one key and an empty home, connecting with the ssh2 engine. */
export const signal = new AbortController().signal;
export const never: ConnectOptions['hostKeys'] = { acceptUnknown: () => Promise.resolve(false) };

/** The server's host entry, seen by a person who has only the given key and an empty home. */
export async function hostOf(server: PlainSshd, overrides: HostOverrides = {}): Promise<ResolvedHost> {
  const name = `${server.user}@${server.address}:${server.port}`;
  const host = await resolveHost(name, {
    signal,
    home: server.directory,
    overrides: { identityFile: server.keyFile, knownHostsFile: server.knownHostsFile, ...overrides },
  });
  return { ...host, agent: null, globalKnownHostsFiles: [] };
}

export function connect(host: ResolvedHost, options: Partial<ConnectOptions> = {}): Promise<SshConnection> {
  return ssh2Engine.connect(host, { signal, hostKeys: never, ...options });
}

export async function failure(attempt: Promise<unknown>): Promise<DeckhandError> {
  const settled = await attempt.then(
    async value => {
      if (value instanceof Object && 'close' in value) await (value as SshConnection).close();
      return null;
    },
    (error: unknown) => error as DeckhandError,
  );
  if (settled === null) throw new Error('it should have failed');
  return settled;
}

export async function outputOf(connection: SshConnection, command: string): Promise<string> {
  return Buffer.from((await connection.execute(command, { signal })).stdout).toString();
}
