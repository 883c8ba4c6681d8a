import { spawn } from 'node:child_process';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { RawPath } from '../../core/raw-path.ts';
import { pythonHere } from '../host/python-program.ts';
import { scriptError } from '../host/script-error.ts';
import { RECEIVE_PROGRAM, RECEIVED, receiveWords } from './programs.ts';

/** Bytes of what the program says of a chunk, ahead of 8 for each file. */
const WORD = 5;

export interface UnpackHere {
  /** Where it unpacks: nobody else writes there. */
  readonly folder: RawPath;
  readonly preserve: boolean;
  readonly owners: boolean;
  /** What of modes stays. */
  readonly mask: number;
  /** Bytes of a chunk at most. */
  readonly largest: number;
  /** Files of one chunk that were written; not good: they were not what was sent, and are gone again. */
  readonly onChunk: (
    files: readonly { readonly index: number; readonly size: number }[],
    isGood: boolean,
  ) => void;
}

/**
 * The receiver of a bundle on this machine, by the python3 that is here: a host's bytes go to it as they come. It takes
 * nothing but files whose names we have told it, each once, and sets nanoseconds, which this runtime cannot.
 */
export class BundleHere implements AsyncDisposable {
  readonly #child;
  readonly #ended: Promise<number | null>;
  #errors = '';

  constructor({ folder, preserve, owners, mask, largest, onChunk }: UnpackHere) {
    const [file, ...words] = pythonHere(
      RECEIVE_PROGRAM,
      receiveWords({ preserve, owners, isTrusted: false, mask, largest }),
    );
    this.#child = spawn(file, words, {
      // a path that is no UTF-8 cannot be entered so: then it does not start, and the tar does the work
      cwd: Buffer.from(folder, 'latin1').toString('utf8'),
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (bytes: Buffer) => {
      if (this.#errors.length < 65_536) this.#errors += bytes.toString('latin1');
    });
    let rest: Buffer = Buffer.alloc(0);
    this.#child.stdout.on('data', (bytes: Buffer) => {
      rest = readWords(rest.length === 0 ? bytes : Buffer.concat([rest, bytes]), onChunk);
    });
    this.#ended = new Promise(resolve => {
      this.#child.once('error', () => resolve(null));
      this.#child.once('close', code => resolve(code));
    });
  }

  /** Waits while it has more than it can take; what comes after its end is dropped. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    const { stdin } = this.#child;
    if (stdin.destroyed || stdin.write(bytes)) return undefined;
    return Promise.race([
      new Promise<void>(resolve => stdin.once('drain', resolve)),
      this.#ended.then(() => undefined),
    ]);
  }

  /** False: it cannot do it here, or was sent what is no bundle. Throws what it could not write. */
  async end(): Promise<boolean> {
    this.#child.stdin.end();
    const code = await this.#ended;
    if (code === RECEIVED.all) return true;
    if (code !== RECEIVED.failed) return false;
    const error = scriptError('this machine', 'unpacking', this.#errors, code);
    if (error.code !== 'host.disk-full') throw error;
    throw new DeckhandError('transfer.local-disk-full', error.message);
  }

  /** It writes nothing any more when this resolves. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** Returns the beginning of a word that has not come whole. */
function readWords(bytes: Buffer, onChunk: UnpackHere['onChunk']): Buffer {
  let at = 0;
  while (bytes.length - at >= WORD) {
    const count = bytes.readUInt32BE(at);
    const end = at + WORD + 8 * count;
    if (bytes.length < end) break;
    const files = Array.from({ length: count }, (_, index) => ({
      index: bytes.readUInt32BE(at + WORD + 8 * index),
      size: bytes.readUInt32BE(at + WORD + 8 * index + 4),
    }));
    onChunk(files, bytes[at + 4] === 1);
    at = end;
  }
  return bytes.subarray(at);
}
