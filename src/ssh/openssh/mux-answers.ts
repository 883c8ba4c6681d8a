import type { Socket } from 'node:net';
import { CONTROL, Fields, type FrameReader } from './mux-packets.ts';

/** The answers to control messages, in order, until the socket is a proxy. */
export function controlAnswers(
  socket: Socket,
  reader: FrameReader,
): { next(type: number): Promise<Fields>; stop(): void } {
  const frames: Buffer[] = [];
  let wake = Promise.withResolvers<void>();
  const listen = (bytes: Buffer): void => {
    try {
      reader.feed(bytes, frame => frames.push(Buffer.from(frame)));
    } catch (error) {
      socket.destroy(error as Error);
    }
    wake.resolve();
  };
  const closed = (): void => wake.resolve();
  socket.on('data', listen);
  socket.once('close', closed);
  const read = async (type: number): Promise<Fields> => {
    for (;;) {
      const frame = frames.shift();
      if (frame === undefined) {
        if (socket.destroyed) throw new Error('ssh closed its control socket');
        wake = Promise.withResolvers();
        await wake.promise;
        continue;
      }
      const fields = new Fields(frame);
      const seen = fields.uint32();
      if (seen === CONTROL.hello) continue;
      if (seen !== type) throw new Error(`ssh refused a control message (${seen.toString(16)})`);
      fields.uint32();
      return fields;
    }
  };
  return {
    next: async type => {
      try {
        return await read(type);
      } catch (error) {
        socket.destroy();
        throw error;
      }
    },
    stop: () => {
      socket.off('data', listen);
      socket.off('close', closed);
    },
  };
}
