/**
 * A process of its own between a client and a host that holds every byte back for a while, both ways, as distance
 * does: `node delay-proxy.ts ADDRESS PORT MILLISECONDS-EACH-WAY`. Prints the port it listens on, and ends with its input.
 */
import { connect, createServer, type Socket } from 'node:net';

/** Bytes on their way in one direction: more than any window of ssh, so that the distance is all that is felt. */
const MOST_ON_THE_WAY = 64 * 1024 * 1024;

const [address = '', port = '', wait = ''] = process.argv.slice(2);

class Distance {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #travelling: { readonly bytes: Buffer | null; readonly due: number }[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    from.on('data', (bytes: Buffer) => {
      this.#length += bytes.length;
      if (this.#length > MOST_ON_THE_WAY) from.pause();
      this.#send(bytes);
    });
    from.on('end', () => this.#send(null));
    from.on('error', () => to.destroy());
    from.on('close', () => this.#send(null));
    to.on('drain', () => this.#deliver());
  }

  #send(bytes: Buffer | null): void {
    this.#travelling.push({ bytes, due: performance.now() + Number(wait) });
    this.#timer ??= setTimeout(() => this.#deliver(), Number(wait));
  }

  #deliver(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (;;) {
      const [next] = this.#travelling;
      if (next === undefined || this.#to.writableNeedDrain) return;
      // a timer that is a little early would else only be set again
      const left = next.due - performance.now();
      if (left > 0.5) {
        this.#timer = setTimeout(() => this.#deliver(), left);
        return;
      }
      this.#travelling.shift();
      if (next.bytes === null) this.#to.end();
      else this.#to.write(next.bytes);
      this.#length -= next.bytes?.length ?? 0;
      if (this.#length < MOST_ON_THE_WAY / 2) this.#from.resume();
    }
  }
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, near => {
  const far = connect({ host: address, port: Number(port), allowHalfOpen: true, noDelay: true });
  new Distance(near, far);
  new Distance(far, near);
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as { readonly port: number }).port));
process.stdin.resume().on('end', () => process.exit(0));
