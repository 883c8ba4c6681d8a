import { connect, type Socket } from 'node:net';
import type { Endpoint } from '../../core/endpoint.ts';
import {
  CONTROL,
  CONTROL_VERSION,
  controlFrame,
  Fields,
  FrameReader,
  lengthPrefixed,
  uint32,
} from './mux-packets.ts';

/** Kind of forwarding and port of a unix socket, as OpenSSH's PROTOCOL.mux numbers them. */
const REMOTE = 2;
const SOCKET_PORT = 0xffff_fffe;

type Answer = (fields: { readonly type: number; readonly rest: Fields } | null) => void;

/** A control connection that stays one: it asks the master for what its proxy cannot carry. */
export class MuxControl {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Answer>();
  #nextId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new FrameReader();
    socket.on('data', bytes => {
      try {
        reader.feed(bytes, frame => this.#receive(new Fields(Buffer.from(frame))));
      } catch {
        socket.destroy();
      }
    });
    socket.once('close', () => {
      for (const answer of this.#waiting.values()) answer(null);
      this.#waiting.clear();
    });
  }

  /** Throws the system's error. */
  static async open(path: string, signal: AbortSignal): Promise<MuxControl> {
    const socket = connect({ path, signal });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => undefined);
    socket.write(controlFrame(CONTROL.hello, CONTROL_VERSION));
    return new MuxControl(socket);
  }

  /** Lets the host listen; what connects there is led to the local socket. Gives the port. Throws when it does not. */
  async listenOnHost(endpoint: Endpoint, localSocket: string): Promise<number> {
    const answer = await this.#ask(CONTROL.openForward, forwardBody(endpoint, localSocket));
    if (answer?.type === CONTROL.done) return 'path' in endpoint ? 0 : endpoint.port;
    if (answer?.type === CONTROL.remotePort) return answer.rest.uint32();
    throw new Error(answer ? answer.rest.text() : 'the control connection is closed');
  }

  /** `endpoint` as it was asked for. Never throws: a master that is gone listens no more. */
  async listenNoMore(endpoint: Endpoint, localSocket: string): Promise<void> {
    await this.#ask(CONTROL.closeForward, forwardBody(endpoint, localSocket));
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(type: number, body: Uint8Array): Promise<Parameters<Answer>[0]> {
    if (this.#socket.destroyed) return Promise.resolve(null);
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise(resolve => {
      this.#waiting.set(id, resolve);
      this.#socket.write(lengthPrefixed(Buffer.concat([uint32(type, id), body])));
    });
  }

  #receive(fields: Fields): void {
    const type = fields.uint32();
    if (type === CONTROL.hello) return;
    const id = fields.uint32();
    this.#waiting.get(id)?.({ type, rest: fields });
    this.#waiting.delete(id);
  }
}

function forwardBody(endpoint: Endpoint, localSocket: string): Uint8Array {
  const [host, port] = 'path' in endpoint ? [endpoint.path, SOCKET_PORT] : [endpoint.host, endpoint.port];
  return Buffer.concat([
    uint32(REMOTE),
    lengthPrefixed(host),
    uint32(port),
    lengthPrefixed(localSocket),
    uint32(SOCKET_PORT),
  ]);
}
