import { type ResolveOptions, resolveHost } from '../ssh/resolve-host.ts';
import type { ResolveHost } from '../ssh/resolved-host.ts';
import { adHocHost } from './ad-hoc.ts';
import type { FleetHost, Inventory } from './inventory.ts';

/**
 * Resolves names with what the inventory says of them: for targets and for the hops of a jump chain,
 * which may be known hosts or plain addresses.
 */
export function inventoryResolver(
  inventoryNow: () => Inventory,
  options: Pick<ResolveOptions, 'configFile' | 'home' | 'agentSocket'> = {},
): ResolveHost {
  return async (name, signal) => {
    const inventory = inventoryNow();
    const host: FleetHost = inventory.hosts.find(known => known.name === name) ?? adHocHost(inventory, name);
    return await resolveHost(name, { ...options, signal, overrides: host.overrides });
  };
}
