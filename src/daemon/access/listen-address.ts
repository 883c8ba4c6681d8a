import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

/** Whether only this machine can reach it. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}

/** `127.0.0.1:8791`, `[::1]:8791`. */
export function hostPort(address: string, port: number): string {
  return `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}

/** The `Host` headers with which somebody reaches a listener; a name that leads here from elsewhere is not among them. */
export function hostsOf(address: string, port: number): ReadonlySet<string> {
  const wildcard = address === '0.0.0.0' || address === '::';
  const own = wildcard ? addressesOfThisMachine() : isLoopback(address) ? [] : [address];
  const names = ['127.0.0.1', 'localhost', '::1', address, ...own];
  return new Set(names.map(name => hostPort(name, port).toLowerCase()));
}

function addressesOfThisMachine(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap(each => each ?? []);
  return [...addresses.map(({ address }) => address), hostname()];
}
