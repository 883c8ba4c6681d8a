import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A link to a host through this process, which can fall silent at a byte that is known, and speak again. */
export class HeldLink implements AsyncDisposable {
  readonly #server: Server;
  readonly #host: { readonly address: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  /** What would have happened while it is silent. */
  readonly #kept: (() => void)[] = [];
  #isSilent = false;
  #watch: { readonly sign: string; bytes: number; readonly held: () => void } | undefined;

  private constructor(host: { readonly address: string; readonly port: number }) {
    this.#host = host;
    this.#server = createServer(near => this.#inTime(() => this.#open(near)));
  }

  static async to(host: { readonly address: string; readonly port: number }): Promise<HeldLink> {
    const link = new HeldLink(host);
    await new Promise<void>(resolve => void link.#server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Falls silent once the file `sign` is there and this many bytes have come after it. `held` is called then. */
  watch(sign: string, bytes: number, held: () => void): void {
    this.#watch = { sign, bytes, held };
  }

  silence(): void {
    this.#isSilent = true;
  }

  release(): void {
    this.#watch = undefined;
    this.#isSilent = false;
    for (const happen of this.#kept.splice(0)) happen();
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #open(near: Socket): void {
    const far = connect(this.#host.port, this.#host.address);
    this.#forward(near, far);
    this.#forward(far, near);
  }

  #forward(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', bytes => {
      this.#look(bytes.length);
      if (this.#isSilent) from.pause();
      this.#inTime(() => {
        if (to.destroyed || to.write(bytes)) return;
        from.pause();
        to.once('drain', () => this.#isSilent || from.resume());
      });
    });
    from.on('error', () => undefined);
    // an end is said in the same way as everything else: not while nothing goes through
    from.on('close', () => {
      this.#sockets.delete(from);
      this.#inTime(() => to.destroy());
    });
  }

  #look(bytes: number): void {
    const watch = this.#watch;
    if (watch === undefined || !existsSync(watch.sign)) return;
    watch.bytes -= bytes;
    if (watch.bytes > 0) return;
    this.#watch = undefined;
    this.#isSilent = true;
    watch.held();
  }

  #inTime(happen: () => void): void {
    if (this.#isSilent) this.#kept.push(happen);
    else happen();
  }
}
