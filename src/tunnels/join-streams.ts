import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isDirect } from '../ssh/direct-stream.ts';

export interface Joined {
  /** What was read of `near` already. */
  readonly bytes: Uint8Array;
  /** `near` has sent its end already. */
  readonly ended: boolean;
  /** Bytes from near to far, and back. */
  readonly onSent: (count: number) => void;
  readonly onReceived: (count: number) => void;
}

/**
 * Leads two streams into each other until both have ended; each direction ends on its own, each waits for its
 * reader. When one side breaks, the other is cut and not ended: nobody takes half an answer for a whole one.
 * Resolves when both are closed: `cut` when it was one of these.
 */
export function joinStreams(near: Duplex, far: Duplex, joined: Joined): Promise<'ended' | 'cut'> {
  const { bytes, ended, onSent, onReceived } = joined;
  let cut = false;
  const closed = Promise.all([closeOf(near), closeOf(far)]);
  const breakWith = (stream: Duplex, other: Duplex): void => {
    const saidAll = stream.readableEnded;
    if (!saidAll || (stream === near && !stream.writableFinished)) cut = true;
    if (other.destroyed) return;
    if (!saidAll) reset(other);
    else if (other.writableFinished) other.destroy();
    // the last bytes for the other side are still on their way
    else other.once('finish', () => other.destroy());
  };
  for (const stream of [near, far]) stream.on('error', () => undefined);
  near.once('close', () => breakWith(near, far));
  far.once('close', () => breakWith(far, near));
  near.on('data', (piece: Buffer) => onSent(piece.length));
  if (bytes.length > 0) {
    onSent(bytes.length);
    far.write(bytes);
  }
  if (ended) far.end();
  else near.pipe(far);
  if (near instanceof Socket && isDirect(far)) far.leadTo(near, onReceived);
  else {
    far.on('data', (piece: Buffer) => onReceived(piece.length));
    far.pipe(near);
  }
  if (near.destroyed) breakWith(near, far);
  return closed.then(() => (cut ? 'cut' : 'ended'));
}

/** Ends a stream so that its other side sees a fault and not an end, where it can be told (unix sockets cannot). */
export function reset(stream: Duplex): void {
  if (stream instanceof Socket && stream.remoteAddress !== undefined) stream.resetAndDestroy();
  else stream.destroy();
}

function closeOf(stream: Duplex): Promise<void> {
  return stream.closed ? Promise.resolve() : new Promise(resolve => stream.once('close', () => resolve()));
}
