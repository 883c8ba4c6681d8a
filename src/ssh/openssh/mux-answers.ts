import type { Socket } from 'node:net';
import { CONTROL, Fields } from './mux-packets.ts';

/** The answers to control messages, in order, until the socket is a proxy. */
export function controlAnswers(socket: Socket): {
  /** A frame arrived; it is copied. */
  push(frame: Buffer): void;
  next(type: number): Promise<Fields>;
} {
  const frames: Buffer[] = [];
  let wake = Promise.withResolvers<void>();
  socket.once('close', () => wake.resolve());
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
    push: frame => {
      frames.push(Buffer.from(frame));
      wake.resolve();
    },
    next: async type => {
      try {
        return await read(type);
      } catch (error) {
        socket.destroy();
        throw error;
      }
    },
  };
}
