import { readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

/** A file of the console as it is answered. */
export interface ConsoleFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly cache: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};

/** A build puts a hash of the contents into the name: such a file never changes. */
const HASHED = /^\/assets\/.*-[\w-]{8,}\.\w+$/;

/**
 * The file that an address means: paths without a dot are places inside the console, which its one page knows.
 * Null: there is none. Never reads outside of `folder`, whatever the path or a link in it says.
 */
export async function consoleFile(folder: string, path: string): Promise<ConsoleFile | null> {
  const page = !path.slice(path.lastIndexOf('/')).includes('.');
  const wanted = page ? '/index.html' : plainPath(path);
  if (wanted === null) return null;
  try {
    const root = await realpath(folder);
    const file = await realpath(join(root, wanted));
    const type = TYPES[extname(file)];
    if (!file.startsWith(root + sep) || type === undefined) return null;
    const cache = HASHED.test(wanted) ? 'public, max-age=31536000, immutable' : 'no-cache';
    return { bytes: new Uint8Array(await readFile(file)), type, cache };
  } catch {
    return null;
  }
}

/** Decoded, or null for what no build of ours is called: climbing, hidden files, control characters. */
function plainPath(path: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return null;
  }
  const parts = decoded.split('/').slice(1);
  return parts.every(part => /^[\w@-][\w@.-]*$/.test(part)) ? decoded : null;
}
