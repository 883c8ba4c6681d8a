import type { RemotePath } from './remote-path.ts';
import { REQUEST } from './protocol-numbers.ts';
import type { SftpSession } from './sftp-session.ts';
import { string } from './wire.ts';

/** An open file or folder on the host. */
export class SftpHandle implements AsyncDisposable {
  /** The server's own name for it. */
  readonly id: Uint8Array;
  /** As it was opened, for messages. */
  readonly path: RemotePath;
  readonly #session: SftpSession;
  #closed: Promise<void> | undefined;

  constructor(session: SftpSession, id: Uint8Array, path: RemotePath) {
    this.#session = session;
    this.id = id;
    this.path = path;
  }

  /** Once; never fails: on a lost session the server has closed it. Errors of writing show in their own answers. */
  close(): Promise<void> {
    this.#closed ??= this.#session.request(REQUEST.close, [string(this.id)], 'status').then(
      () => undefined,
      () => undefined,
    );
    return this.#closed;
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
