import { createHash } from 'node:crypto';
import type { OutputPage } from '../../src/api/task-api.ts';
import type { DaemonUnderTest } from './daemon-under-test.ts';

export interface ReadOutput {
  readonly bytes: number;
  readonly sha256: string;
  /** Places where the log has a gap or something twice; 0 = whole. */
  readonly breaks: number;
  readonly tail: string;
}

/** One stream of a task's log, as the API gives it. */
export async function readOutput(
  daemon: DaemonUnderTest,
  task: string,
  stream: 'stdout' | 'stderr' = 'stdout',
): Promise<ReadOutput> {
  const hash = createHash('sha256');
  let bytes = 0;
  let breaks = 0;
  let tail = '';
  let after: string | null = null;
  do {
    const from: string | null = after;
    const page: OutputPage = await daemon.persist(async api => await api.output(task, from, 25));
    for (const piece of page.pieces) {
      if (piece.stream !== stream) continue;
      if (piece.at !== bytes) breaks += 1;
      bytes += piece.bytes.length;
      hash.update(piece.bytes);
      tail = (tail + Buffer.from(piece.bytes).toString()).slice(-200);
    }
    after = page.next;
  } while (after !== null);
  return { bytes, sha256: hash.digest('hex'), breaks, tail };
}
