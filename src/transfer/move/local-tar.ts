import { spawn } from 'node:child_process';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { RawPath } from '../../core/raw-path.ts';
import { scriptError } from '../host/script-error.ts';

/** Bytes of one write to a tar here. */
const PIECE = 256 * 1024;

/** A tar of this machine that unpacks what we write, in a folder: it sets nanoseconds, and works beside us. */
export class LocalTar {
  readonly #child;
  readonly #ended: Promise<number | null>;
  #piece = Buffer.allocUnsafeSlow(PIECE);
  #length = 0;
  #errors = '';
  #failed: Error | undefined;

  constructor(
    folder: RawPath,
    { owners, preserve }: { readonly owners: boolean; readonly preserve: boolean },
  ) {
    const words = [
      '-x',
      '-p',
      '-f',
      '-',
      ...(owners ? ['--numeric-owner'] : ['-o']),
      ...(preserve ? [] : ['-m']),
    ];
    this.#child = spawn('tar', words, {
      // as bytes: the folder of the process is set by a path that may be no UTF-8
      cwd: Buffer.from(folder, 'latin1').toString('utf8'),
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    });
    this.#child.stdin.on('error', (error: Error) => {
      this.#failed ??= error;
    });
    this.#child.stderr.on('data', (bytes: Buffer) => {
      if (this.#errors.length < 65_536) this.#errors += bytes.toString('latin1');
    });
    this.#ended = new Promise(resolve => {
      this.#child.once('error', error => {
        this.#failed = error;
        resolve(null);
      });
      this.#child.once('close', code => resolve(code));
    });
  }

  /** Waits while it has more than it can take. Small writes go together: each one is a call of the system. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length + this.#length <= PIECE) {
      this.#piece.set(bytes, this.#length);
      this.#length += bytes.length;
      return;
    }
    await this.#flush();
    if (bytes.length <= PIECE / 4) await this.write(bytes);
    else await this.#send(Buffer.from(bytes));
  }

  /** The same for what is made where it is sent from; `length`: bytes, few. */
  async writeIn(length: number, make: (piece: Buffer, at: number) => void): Promise<void> {
    if (length + this.#length > PIECE) await this.#flush();
    make(this.#piece, this.#length);
    this.#length += length;
  }

  async #flush(): Promise<void> {
    if (this.#length === 0) return;
    const piece = this.#piece.subarray(0, this.#length);
    this.#piece = Buffer.allocUnsafeSlow(PIECE);
    this.#length = 0;
    await this.#send(piece);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (this.#failed !== undefined) await this.end();
    if (this.#child.stdin.write(bytes)) return;
    await Promise.race([new Promise(resolve => this.#child.stdin.once('drain', resolve)), this.#ended]);
  }

  /** Throws what it says when it could not unpack all. */
  async end(): Promise<void> {
    if (this.#failed === undefined) await this.#flush();
    this.#child.stdin.end();
    const code = await this.#ended;
    if (code === 0) return;
    const error = scriptError(
      'this machine',
      'unpacking',
      this.#errors || (this.#failed?.message ?? ''),
      code ?? -1,
    );
    throw error.code === 'host.disk-full'
      ? new DeckhandError('transfer.local-disk-full', error.message)
      : error;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
