import { connect, type Socket } from 'node:net';
import {
  type ChannelCarrier,
  type ChannelListener,
  LARGEST_PACKET,
  MuxChannel,
  WINDOW,
} from './mux-channel.ts';
import { controlAnswers } from './mux-answers.ts';
import {
  CONTROL,
  CONTROL_VERSION,
  controlFrame,
  Fields,
  lengthPrefixed,
  MESSAGE,
  packetHead,
  uint32,
} from './mux-packets.ts';
import { gatherWrites } from '../direct-stream.ts';
import { type Lender, SlabReader } from './slab-reader.ts';

/** Milliseconds a master may take to end when told to. */
const END_PATIENCE = 1_500;
const NOTHING = new Uint8Array();
/** Bytes up to which copying the parts of a packet together is cheaper than handing them on one by one. */
const SMALL = 4 * 1024;

/** The server would not open a channel; `reason` is a number of RFC 4254. */
export class ChannelRefused extends Error {
  readonly reason: number;
  /** The server's own words. */
  readonly text: string;
  constructor(reason: number, text: string) {
    super(`the server refused a channel (${reason}): ${text}`);
    this.reason = reason;
    this.text = text;
  }
}

interface Opening {
  readonly listener: ChannelListener;
  readonly resolve: (channel: MuxChannel) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The connection protocol in the clear over the control socket of an `ssh` master: channels of ours on
 * its authenticated connection.
 */
export class MuxLink implements ChannelCarrier {
  /** Settles when the socket is closed, by whomever. */
  readonly ended: Promise<void>;
  /** Process id of the master, as it says itself. */
  readonly #masterPid: number;
  readonly #socket: Socket;
  /** Before a write: what all channels say in one turn wakes the master once. */
  readonly #gather: () => void;
  readonly #openings = new Map<number, Opening>();
  readonly #channels = new Map<number, MuxChannel>();
  #nextId = 0;
  #over = false;

  private constructor(socket: Socket, masterPid: number) {
    this.#socket = socket;
    this.#gather = gatherWrites(socket);
    this.#masterPid = masterPid;
    this.ended = new Promise(resolve => {
      socket.once('close', () => {
        this.#finish();
        resolve();
      });
    });
  }

  /** Opens the control socket of a master and makes it a proxy. Throws the system's error, or that it refused. */
  static async open(path: string, signal: AbortSignal): Promise<MuxLink> {
    const reader = new SlabReader();
    let onFrame = (frame: Buffer, _lender: Lender): void => answers.push(frame);
    const socket = connect({
      path,
      signal,
      onread: {
        buffer: () => reader.room(),
        callback: count => {
          try {
            reader.take(count, (frame, lender) => onFrame(frame, lender));
          } catch {
            // A master that does not speak its own protocol is as good as gone.
            socket.destroy();
          }
          return true;
        },
      },
    });
    const answers = controlAnswers(socket);
    socket.on('error', () => undefined);
    socket.write(
      Buffer.concat([
        controlFrame(CONTROL.hello, CONTROL_VERSION),
        controlFrame(CONTROL.aliveCheck, 1),
        controlFrame(CONTROL.proxy, 2),
      ]),
    );
    const pid = (await answers.next(CONTROL.alive)).uint32();
    await answers.next(CONTROL.proxied);
    const link = new MuxLink(socket, pid);
    onFrame = (frame, lender) => link.#receive(new Fields(frame), lender);
    return link;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /**
   * A channel of this type (`session`, `direct-tcpip` …), with what the type adds to the request. Throws
   * `ChannelRefused`, or that the link is closed.
   */
  openChannel(type: string, listener: ChannelListener, extra: Uint8Array = NOTHING): Promise<MuxChannel> {
    if (this.#over) return Promise.reject(new Error('the link is closed'));
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#openings.set(id, { listener, resolve, reject });
      const body = Buffer.concat([lengthPrefixed(type), uint32(id, WINDOW, LARGEST_PACKET), extra]);
      this.send(packetHead(MESSAGE.open, body.length), body);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Ends the master as well; resolves when it is gone. */
  async endMaster(): Promise<void> {
    this.#signalMaster('SIGTERM');
    const kill = setTimeout(() => this.#signalMaster('SIGKILL'), END_PATIENCE);
    await this.ended;
    clearTimeout(kill);
  }

  /** As long as its socket is open, the process with this id is the master. */
  #signalMaster(name: NodeJS.Signals): void {
    try {
      if (!this.#over) process.kill(this.#masterPid, name);
    } catch {
      this.#socket.destroy();
    }
  }

  send(...parts: readonly Uint8Array[]): void {
    if (this.#over) return;
    this.#gather();
    for (const part of joined(parts)) this.#socket.write(part);
  }

  sendAnd(done: (error?: Error | null) => void, ...parts: readonly Uint8Array[]): void {
    const pieces = joined(parts);
    const last = pieces.at(-1);
    if (this.#over || last === undefined) {
      done(new Error('the link is closed'));
      return;
    }
    this.#gather();
    for (const piece of pieces.slice(0, -1)) this.#socket.write(piece);
    this.#socket.write(last, done);
  }

  #receive(fields: Fields, lender: Lender): void {
    fields.byte();
    const message = fields.byte();
    // Channels the server opens, and global requests, are nothing we ever asked for.
    if (message <= MESSAGE.open || message > MESSAGE.failure) return;
    const id = fields.uint32();
    if (message === MESSAGE.openConfirmation) this.#confirm(id, fields);
    else if (message === MESSAGE.openFailure) this.#refuse(id, fields);
    else this.#dispatch(id, message, fields, lender);
  }

  #confirm(id: number, fields: Fields): void {
    const opening = this.#openings.get(id);
    if (opening === undefined) return;
    this.#openings.delete(id);
    const remote = { id: fields.uint32(), window: fields.uint32(), maximum: fields.uint32() };
    const channel = new MuxChannel(this, opening.listener, remote);
    this.#channels.set(id, channel);
    opening.resolve(channel);
  }

  #refuse(id: number, fields: Fields): void {
    const opening = this.#openings.get(id);
    this.#openings.delete(id);
    opening?.reject(new ChannelRefused(fields.uint32(), fields.text()));
  }

  #dispatch(id: number, message: number, fields: Fields, lender: Lender): void {
    const channel = this.#channels.get(id);
    if (channel === undefined) return;
    if (message === MESSAGE.data) channel.receiveData(fields.bytes(), lender);
    else if (message === MESSAGE.extendedData) {
      fields.uint32();
      channel.receiveErrors(fields.bytes());
    } else if (message === MESSAGE.windowAdjust) channel.receiveWindow(fields.uint32());
    else if (message === MESSAGE.endOfFile) channel.receiveEnd();
    else if (message === MESSAGE.request) receiveRequest(channel, fields);
    else if (message === MESSAGE.close) {
      this.#channels.delete(id);
      channel.finish();
    } else channel.receiveReply(message === MESSAGE.success);
  }

  #finish(): void {
    this.#over = true;
    const openings = [...this.#openings.values()];
    this.#openings.clear();
    for (const { reject } of openings) reject(new Error('the link is closed'));
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    for (const channel of channels) channel.finish();
  }
}

function joined(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  if (parts.length < 2) return parts;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return length > SMALL ? parts : [Buffer.concat(parts, length)];
}

function receiveRequest(channel: MuxChannel, fields: Fields): void {
  const type = fields.text();
  const wantsReply = fields.byte() !== 0;
  if (type === 'exit-status') channel.receiveExit({ code: fields.uint32(), signal: null });
  else if (type === 'exit-signal') {
    channel.receiveExit({ code: null, signal: fields.text().replace(/^SIG/, '') });
  }
  if (wantsReply) channel.refuseRequest();
}
