import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawToBytes } from '../../core/raw-path.ts';
import type { SshConnection } from '../../ssh/connection.ts';
import { quoteRaw, runScript } from './run-script.ts';

/** Hexadecimal digits of a SHA-256. */
const DIGITS = 64;

/**
 * SHA-256 of files on the host, in one round trip; what cannot be read is absent. `command` prints a line for
 * each file in the order given, as `sha256sum` does. Empty command: nothing can be known.
 */
export async function hashRemote(
  connection: SshConnection,
  command: string,
  paths: readonly RawPath[],
  signal: AbortSignal,
): Promise<ReadonlyMap<RawPath, string>> {
  if (paths.length === 0 || command === '') return new Map();
  const list = Buffer.concat(paths.map(path => Buffer.concat([rawToBytes(path), Buffer.alloc(1)])));
  const reader = new HashLines(paths);
  await runScript(connection, `xargs -0 ${command} 2>/dev/null`, {
    signal,
    stdin: list,
    onOutput: bytes => reader.add(bytes),
  });
  return reader.end();
}

/** SHA-256 of a file on the host, or of its first `length` bytes; undefined where it cannot be known. */
export async function hashRemoteFile(
  connection: SshConnection,
  command: string,
  { path, length }: { readonly path: RawPath; readonly length?: number },
  signal: AbortSignal,
): Promise<string | undefined> {
  if (command === '') return undefined;
  const { stdout } = await runScript(connection, hashText(command, path, length), { signal });
  return /^[0-9a-f]{64}/.exec(stdout.toString('latin1'))?.[0];
}

/** Prints the SHA-256. Where there is openssl, it takes a fifth of what an older sha256sum takes. */
export function hashText(command: string, path: RawPath, length?: number): string {
  const file = quoteRaw(path);
  const by = (program: string): string =>
    length === undefined ? `${program} < ${file}` : `head -c ${length} < ${file} | ${program}`;
  return `{ ${by('openssl dgst -sha256 -r 2>/dev/null')} || ${by(command)}; }`;
}

/** Matches lines with the names that were asked for, in order: names are never taken from the output. */
export class HashLines {
  readonly #paths: readonly RawPath[];
  readonly #found = new Map<RawPath, string>();
  /** Bytes of a line; what is longer belongs to none of the names. */
  readonly #longest: number;
  #next = 0;
  #rest = '';

  constructor(paths: readonly RawPath[]) {
    this.#paths = paths;
    // every byte of a name may be escaped
    this.#longest = DIGITS + 8 + 2 * paths.reduce((most, { length }) => Math.max(most, length), 0);
  }

  add(bytes: Uint8Array): void {
    this.#rest += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    let at = 0;
    for (;;) {
      // a name that was escaped has a backslash in front of the line
      const escaped = this.#rest[at] === '\\';
      const start = escaped ? at + 1 : at;
      const found = this.#match(start, escaped);
      if (found === undefined) break;
      at = found;
    }
    this.#rest = this.#rest.slice(at);
    if (this.#rest.length > this.#longest) throw unasked();
  }

  end(): ReadonlyMap<RawPath, string> {
    if (this.#rest !== '') throw unasked();
    return this.#found;
  }

  /** Where the next line begins; undefined: no whole line of any name still open. */
  #match(start: number, escaped: boolean): number | undefined {
    const nameAt = start + DIGITS + 2;
    const hash = this.#rest.slice(start, start + DIGITS);
    if (this.#rest.length < nameAt || !/^[0-9a-f]{64}$/.test(hash)) return undefined;
    for (let index = this.#next; index < this.#paths.length; index += 1) {
      const path = this.#paths[index] as RawPath;
      for (const shown of escaped ? escapedNames(path) : [path]) {
        if (!this.#rest.startsWith(`${shown}\n`, nameAt)) continue;
        this.#found.set(path, hash);
        this.#next = index + 1;
        return nameAt + shown.length + 1;
      }
      // the rest of this line has not come yet
      if (!this.#rest.includes('\n', nameAt)) return undefined;
    }
    return undefined;
  }
}

function unasked(): DeckhandError {
  return new DeckhandError('transfer.protocol', 'The host printed hashes of files nobody asked for.');
}

/** As coreutils write names in a line of hashes, newer and older ones. */
export function escapedNames(path: RawPath): readonly string[] {
  const older = path.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
  return older.includes('\r') ? [older.replaceAll('\r', String.raw`\r`), older] : [older];
}
