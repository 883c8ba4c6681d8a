import type { OutputPiece } from '../../core/task-event.ts';
import { type PaceOptions, pacedStream, type StreamWords } from '../paced-stream.ts';
import type { FolderChange, FoundItem } from '../folder-contract.ts';
import type { FollowItem } from '../task-api.ts';
import type { Change } from '../watch-contract.ts';
import { encodePieces } from './item-codec.ts';

/** What a stream carries: each names itself. */
type StreamItem = FollowItem | Change | FoundItem | FolderChange;

/** Of an answer that is a stream: kept nowhere, gathered by no proxy in between. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const;

/** Items as the body of a `text/event-stream`. When the server stops it ends without `done`: the client comes back. */
export async function eventStream(
  open: (signal: AbortSignal) => AsyncIterable<StreamItem>,
  options: PaceOptions,
): Promise<ReadableStream<Uint8Array>> {
  return await pacedStream(open, WORDS, options);
}

const WORDS: StreamWords<StreamItem> = {
  message: messageOf,
  alive: ': alive\n\n',
  end: 'event: done\ndata: {}\n\n',
  fault: error => `event: error\ndata: ${JSON.stringify({ error })}\n\n`,
};

function messageOf(item: StreamItem): string {
  const cursor = 'cursor' in item && !/[\r\n\0]/.test(item.cursor) ? `id: ${item.cursor}\n` : '';
  return `${cursor}event: ${item.item}\ndata: ${dataOf(item)}\n\n`;
}

/** What many followers of one task are given is put into text once. */
const piecesAsText = new WeakMap<readonly OutputPiece[], string>();

function dataOf(item: StreamItem): string {
  if (item.item !== 'output') return JSON.stringify(item);
  const { pieces, ...rest } = item;
  let text = piecesAsText.get(pieces);
  if (text === undefined) {
    text = JSON.stringify(encodePieces(pieces));
    piecesAsText.set(pieces, text);
  }
  return `${JSON.stringify(rest).slice(0, -1)},"pieces":${text}}`;
}
