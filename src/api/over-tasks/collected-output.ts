import type { OutputPiece } from '../../core/task-event.ts';

/** What was kept of one task's output, of its newest attempt. */
export interface KeptOutput {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** True bytes that came, also beyond what was kept. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

interface Stream {
  readonly pieces: Uint8Array[];
  kept: number;
  seen: number;
}
interface Streams {
  readonly attempt: number;
  readonly stdout: Stream;
  readonly stderr: Stream;
}

/** Gathers output per task, at most `limit` bytes of each stream; what is beyond is counted, not kept. */
export class CollectedOutput {
  readonly #limit: number;
  readonly #tasks = new Map<string, Streams>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes pieces in order of arrival. A new attempt begins anew; pieces of an older one are dropped. */
  add(task: string, attempt: number, pieces: readonly OutputPiece[]): void {
    let streams = this.#tasks.get(task);
    if (streams && attempt < streams.attempt) return;
    if (!streams || attempt > streams.attempt) {
      streams = { attempt, stdout: emptyStream(), stderr: emptyStream() };
      this.#tasks.set(task, streams);
    }
    for (const { stream, bytes, at } of pieces) keep(streams[stream], bytes, at, this.#limit);
  }

  of(task: string): KeptOutput {
    const { stdout, stderr } = this.#tasks.get(task) ?? { stdout: emptyStream(), stderr: emptyStream() };
    return {
      stdout: Buffer.concat(stdout.pieces),
      stderr: Buffer.concat(stderr.pieces),
      stdoutBytes: stdout.seen,
      stderrBytes: stderr.seen,
    };
  }
}

function emptyStream(): Stream {
  return { pieces: [], kept: 0, seen: 0 };
}

/** `at` skips what was seen before: a follower that came again may be told something twice. */
function keep(stream: Stream, bytes: Uint8Array, at: number, limit: number): void {
  const fresh = bytes.subarray(Math.min(bytes.length, Math.max(0, stream.seen - at)));
  if (fresh.length === 0) return;
  stream.seen = at + bytes.length;
  const room = limit - stream.kept;
  if (room <= 0) return;
  const kept = fresh.subarray(0, room);
  stream.pieces.push(kept);
  stream.kept += kept.length;
}
