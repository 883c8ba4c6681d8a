import { DeckhandError } from '../../core/deckhand-error.ts';
import { sanitiseText, tailOf } from '../../core/untrusted.ts';
import type { EngineAdapter } from '../engine.ts';
import type { Site } from './site.ts';
import { isCrashLoop, type ReleaseStatus } from './status.ts';

interface Place {
  readonly site: Pick<Site, 'name'>;
  readonly name: string;
  /** Which knows what the words of its log mean. */
  readonly adapter: Pick<EngineAdapter, 'classify'>;
}

/** Bytes of log that go with an error, and letters of its last line in the message. */
const TAIL = 4000;
const LONGEST_LINE = 300;

/** What the keeper and the start script write into the log themselves. */
const OUR_LINE = /^deckhand: /;

/** Why an engine ended, where its log says so in words that are known; else null. */
export function knownFailure(
  { site, name, adapter }: Place,
  { log }: Pick<ReleaseStatus, 'log'>,
): DeckhandError | null {
  const found = adapter.classify(log);
  if (found === null) return null;
  return new DeckhandError(found.code, `${site.name}: the engine of ${name} ended: ${found.cause}.`, {
    hint: found.fix,
    details: { host: site.name, log: tailOf(log, TAIL) },
  });
}

/** Why an engine ended: `engine.crash-loop` when it did so until it was given up, else `engine.failed`. */
export function failureOf(place: Place, status: ReleaseStatus): DeckhandError {
  const { site, name } = place;
  const details = { host: site.name, restarts: status.restarts, log: tailOf(status.log, TAIL) };
  const last = lastLine(status.log);
  const words = last === '' ? ' without a word' : `; its last words: ${last}`;
  if (!isCrashLoop(status))
    return new DeckhandError('engine.failed', `${site.name}: the engine of ${name} ended${words}.`, {
      details,
    });
  const cause = knownFailure(place, status);
  return new DeckhandError(
    'engine.crash-loop',
    `${site.name}: the engine of ${name} ended ${status.restarts} times soon after its start and is not begun again${words}.`,
    { details, ...(cause === null ? {} : { hint: cause.hint, cause }) },
  );
}

function lastLine(log: string): string {
  const lines = log.split('\n').filter(line => line.trim() !== '' && !OUR_LINE.test(line));
  return sanitiseText(lines.at(-1) ?? '').slice(0, LONGEST_LINE);
}
