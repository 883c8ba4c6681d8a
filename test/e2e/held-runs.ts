/** Logins and requests for tests of the holder on a lab host. */
import { systemClock } from '../../src/core/clock.ts';
import { Holder, type HeldRequest, type HolderOptions } from '../../src/holder/holder.ts';
import type { SshConnection } from '../../src/ssh/connection.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import type { LabHost } from '../lab/lab.ts';
import { connect, signal } from './ssh-client.ts';

export const MEBIBYTE = 1024 * 1024;
const open: SshConnection[] = [];
let count = 0;

/** Closes every connection that `login` opened. */
export async function logOut(): Promise<void> {
  for (const connection of open.splice(0)) await connection.close();
}

export async function login(host: LabHost, user: string): Promise<SshConnection> {
  const resolved = await resolveHost(`${user}@${host.address}:${host.port}`, {
    signal,
    home: '/nonexistent',
    overrides: { identityFile: host.keyFile, knownHostsFile: host.knownHostsFile },
  });
  const connection = await connect({ ...resolved, agent: null, globalKnownHostsFiles: [] });
  open.push(connection);
  return connection;
}

export function holderOn(connection: SshConnection, options: Partial<HolderOptions> = {}): Holder {
  return new Holder(connection, { clock: systemClock, grace: 1000, ...options });
}

export function request(script: string, extra: Partial<HeldRequest> = {}): HeldRequest {
  count += 1;
  return {
    id: `run-${process.pid}-${count}`,
    host: 'lab',
    script,
    privilege: 'user',
    timeout: 0,
    outputLimit: MEBIBYTE,
    durable: true,
    ...extra,
  };
}
