import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A stream of a connection that can lead what comes to a socket itself, without memory of its own for each piece. */
export interface DirectStream {
  /** In place of `pipe`, which nobody may have called. `onBytes` is called with the length of each piece. */
  leadTo(socket: Socket, onBytes: (count: number) => void): void;
}

export function isDirect(stream: Duplex): stream is Duplex & DirectStream {
  return 'leadTo' in stream;
}

/** Before a write: all that is written in this turn leaves as one call of the system. */
export function gatherWrites(stream: Duplex): () => void {
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    stream.uncork();
  };
  return () => {
    if (isCorked) return;
    isCorked = true;
    stream.cork();
    process.nextTick(uncork);
  };
}
