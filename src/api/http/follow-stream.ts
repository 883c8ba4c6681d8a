import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import type { FollowItem } from '../task-api.ts';
import { decodeItem, type WireItem } from './item-codec.ts';
import { SseDecoder } from './sse-decoder.ts';
import { faultFrom, type AnswerBody, type Call, type Transport } from './transport.ts';

/** Milliseconds without a daemon after which a follower gives up. */
const LONGEST_ABSENCE = 30_000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2_000;
/** Milliseconds without a byte: three heartbeats. */
const LONGEST_SILENCE = 45_000;
const OPEN_LIMIT = 30_000;

type FollowCall = Pick<Call, 'method' | 'path' | 'body'>;

export interface FollowParts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For jitter: 0 … 1. */
  readonly random: () => number;
}

/** What is followed, as far as it is known. */
export interface Followed {
  readonly first: FollowCall;
  /** How to go on after a cursor; null = what was submitted is not known, so it cannot be found again. */
  readonly again: (seen: {
    readonly group: string | null;
    readonly cursor: string | null;
  }) => FollowCall | null;
}

/**
 * The items of a stream that outlives its connections: when one ends too soon it is taken up again after the
 * last cursor, and what has no cursor (ends, questions) is given out once. Ends when the daemon says that all
 * is told, or when the signal aborts. Throws `daemon.unreachable` at once when there never was a daemon, and
 * after 30 s when one went away.
 */
export async function* followItems(parts: FollowParts, followed: Followed): AsyncGenerator<FollowItem> {
  const { transport, clock, signal } = parts;
  const once = new OnceFilter();
  let call = followed.first;
  let group: string | null = null;
  let cursor: string | null = null;
  let wasThere = false;
  let lostAt: number | null = null;
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    let lost: unknown;
    try {
      const response = await transport.open({ ...call, signal, limit: OPEN_LIMIT });
      wasThere = true;
      lostAt = null;
      for await (const item of itemsOf(response, transport)) {
        if (item === 'done') return;
        pause = FIRST_PAUSE;
        if (item.item === 'submitted') group = item.submitted.group;
        if ('cursor' in item) cursor = item.cursor;
        if (once.passes(item)) yield item;
        if (signal.aborted) return;
      }
      lost = transport.unreachable('the stream ended too soon');
    } catch (error) {
      if (signal.aborted) return;
      if (!isUnreachable(error) || !wasThere) throw toDeckhandError(error);
      lost = error;
    }
    const next = followed.again({ group, cursor });
    if (!next) throw lost;
    call = next;
    lostAt ??= clock.monotonic();
    if (clock.monotonic() - lostAt >= LONGEST_ABSENCE) throw lost;
    await clock.sleep(pause * (0.75 + parts.random() / 2), signal).catch(() => {});
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof DeckhandError && error.code === 'daemon.unreachable';
}

/** The items of one connection; `done` is the daemon's word that nothing follows. */
async function* itemsOf(response: AnswerBody, transport: Transport): AsyncGenerator<FollowItem | 'done'> {
  const decoder = new SseDecoder();
  try {
    for await (const chunk of chunksOf(response, transport)) {
      for (const message of decoder.push(chunk)) {
        if (message.event === 'done') yield 'done';
        else if (message.event === 'error') {
          throw (
            faultFrom(message.data) ??
            new DeckhandError('internal.defect', 'The daemon sent a malformed error.')
          );
        } else yield decodeItem(JSON.parse(message.data) as WireItem);
      }
    }
  } finally {
    response.destroy();
  }
}

/** Chunks as they come. Silence is measured only while somebody waits: a slow reader is not a dead daemon. */
async function* chunksOf(response: AnswerBody, transport: Transport): AsyncGenerator<Uint8Array> {
  const chunks = response[Symbol.asyncIterator]();
  for (;;) {
    const timer = setTimeout(() => response.destroy(new Error('silent')), LONGEST_SILENCE);
    let next: IteratorResult<Uint8Array>;
    try {
      next = await chunks.next();
    } catch (error) {
      throw transport.unreachable('the connection was lost', error);
    } finally {
      clearTimeout(timer);
    }
    if (next.done) return;
    yield next.value;
  }
}

/** A stream that is taken up again tells open questions and ends anew: those pass once. */
class OnceFilter {
  readonly #ended = new Set<string>();
  readonly #asked = new Set<string>();
  #submitted = false;

  passes(item: FollowItem): boolean {
    if (item.item === 'submitted') return !this.#submitted && (this.#submitted = true);
    if (item.item === 'ended') return isNew(this.#ended, item.task.id);
    if (item.item === 'question') return isNew(this.#asked, item.question.id);
    if (item.item === 'question-closed') return this.#asked.delete(item.id);
    return true;
  }
}

function isNew(seen: Set<string>, id: string): boolean {
  if (seen.has(id)) return false;
  seen.add(id);
  return true;
}
