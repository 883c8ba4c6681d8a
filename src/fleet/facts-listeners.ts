import { kernelAddress } from '../core/kernel-address.ts';
import type { Listener } from './facts-schema.ts';

/** Listening TCP sockets from `ss -ltnH` or from the kernel's own tables; first line says which. */
export function parseListeners(lines: readonly string[]): Listener[] {
  const [source, ...rows] = lines;
  const parsed = rows.map(row => (source === 'ss' ? parseSsRow(row) : parseKernelRow(row)));
  const known = new Map<string, Listener>();
  for (const listener of parsed) {
    if (listener) known.set(`${listener.address} ${listener.port}`, listener);
  }
  return [...known.values()].sort((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1));
}

/** `LISTEN 0 128 0.0.0.0:22 0.0.0.0:*` → address and port; null for what does not look so. */
export function parseSsRow(row: string): Listener | null {
  const local = row.trim().split(/\s+/)[3];
  const match = /^(.+):(\d{1,5})$/.exec(local ?? '');
  if (!match?.[1]) return null;
  const bare = match[1]
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .replace(/\]$/, '');
  return listener(bare === '*' ? '::' : bare, Number(match[2]));
}

/** A row of /proc/net/tcp or tcp6: `0: 0100007F:0016 00000000:0000 0A …`. */
export function parseKernelRow(row: string): Listener | null {
  const match = /^\s*\d+:\s+([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})\s+\S+\s+0A\s/.exec(row);
  if (!match?.[1] || !match[2]) return null;
  return listener(kernelAddress(match[1]), Number.parseInt(match[2], 16));
}

function listener(address: string, port: number): Listener | null {
  return port >= 1 && port <= 65_535 && address.length <= 64 ? { address, port } : null;
}
