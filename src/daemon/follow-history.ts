import type { TaskEvent } from '../core/task-event.ts';
import type { OutputChunk, Store } from '../store/store.ts';
import type { Position } from './follow-cursor.ts';

const EVENTS = 500;
/** Chunks of at most 64 KiB. */
const CHUNKS = 16;

/** Events and output of one task after a position, by time; output before events of the same moment. */
export async function* readHistory(
  store: Store,
  task: string,
  after: Position,
): AsyncGenerator<TaskEvent | OutputChunk> {
  const events = paged(after.event, EVENTS, async (from, limit) => await store.events(task, from, limit));
  const output = paged(after.output, CHUNKS, async (from, limit) => await store.output(task, from, limit));
  let event = await events.next();
  let chunk = await output.next();
  for (;;) {
    if (chunk.done !== true && (event.done === true || chunk.value.time <= Date.parse(event.value.time))) {
      yield chunk.value;
      chunk = await output.next();
    } else if (event.done !== true) {
      yield event.value;
      event = await events.next();
    } else return;
  }
}

async function* paged<Item extends { readonly seq: number }>(
  after: number,
  limit: number,
  read: (after: number, limit: number) => Promise<readonly Item[]>,
): AsyncGenerator<Item, undefined> {
  let from = after;
  for (;;) {
    const items = await read(from, limit);
    yield* items;
    const last = items.at(-1);
    if (!last || items.length < limit) return undefined;
    from = last.seq;
  }
}
