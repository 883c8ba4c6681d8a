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
  const address = match[1].length === 8 ? versionFour(match[1]) : versionSix(match[1]);
  return listener(address, Number.parseInt(match[2], 16));
}

function listener(address: string, port: number): Listener | null {
  return port >= 1 && port <= 65_535 && address.length <= 64 ? { address, port } : null;
}

/** The kernel prints each 32-bit word in host order, which is little endian wherever Linux servers run. */
function wordBytes(word: string): number[] {
  return [6, 4, 2, 0].map(offset => Number.parseInt(word.slice(offset, offset + 2), 16));
}

function versionFour(hex: string): string {
  return wordBytes(hex).join('.');
}

function versionSix(hex: string): string {
  const bytes = [0, 8, 16, 24].flatMap(offset => wordBytes(hex.slice(offset, offset + 8)));
  const mapped = bytes.slice(0, 10).every(byte => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return bytes.slice(12).join('.');
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  }
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
