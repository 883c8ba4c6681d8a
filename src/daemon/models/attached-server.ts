import type { Duplex } from 'node:stream';
import type { AttachedModel } from '../../core/attached-model.ts';
import { secured } from '../../engines/connect-model.ts';
import type { FleetAccess } from '../fleet-access.ts';
import { type AddressParts, dialEndpoint } from './address-server.ts';
import { NOBODY } from '../../tasks/host-access.ts';

/** A connected server: from this machine, or through the shared connection to its host. */
export function attachedParts(attached: AttachedModel, fleet: FleetAccess): AddressParts {
  const { host, name, listen, tls, base, keyFile } = attached;
  const dial = async (signal: AbortSignal): Promise<Duplex> => {
    if (host === 'local') return await dialEndpoint(listen, signal);
    return await (await fleet.connect(host, NOBODY, signal)).openForward(listen, { signal });
  };
  const server = 'port' in listen ? listen.host : 'localhost';
  return {
    name: `${host}/${name}`,
    kind: 'address',
    promises: [],
    pingInterval: null,
    base,
    headers: 'port' in listen && listen.host !== '127.0.0.1' ? { host: `${server}:${listen.port}` } : {},
    keyFile: keyFile ?? undefined,
    dial: tls ? async signal => await secured(await dial(signal), server, signal) : dial,
  };
}
