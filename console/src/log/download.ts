import { api } from '../engine/api.ts';
import { notice } from '../parts/notice.ts';
import { bytesText } from '../parts/words.ts';

/** Bytes that a browser may hold to put them into one file. */
const MOST = 256 * 1024 * 1024;
const PIECES = 64;

/** The output of a task, byte for byte, as a file. */
export async function downloadLog(task: string): Promise<void> {
  const parts: BlobPart[] = [];
  let size = 0;
  for (let after: string | null = '0'; after !== null && size < MOST; ) {
    const page = await api.output(task, after, PIECES);
    for (const { bytes } of page.pieces) {
      parts.push(new Uint8Array(bytes));
      size += bytes.length;
    }
    after = page.next;
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(parts, { type: 'application/octet-stream' }));
  link.download = `${task}.log`;
  link.click();
  URL.revokeObjectURL(link.href);
  notice.say(`${bytesText(size)} in ${task}.log${size >= MOST ? '; the rest: deckhand task logs' : ''}`);
}
