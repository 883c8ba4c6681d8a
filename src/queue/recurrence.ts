import { Cron } from 'croner';
import { DeckhandError } from '../core/deckhand-error.ts';
import { parseDuration } from '../core/duration.ts';

const SHORTEST_INTERVAL = 10_000;

function invalid(field: string, text: string, hint: string): DeckhandError {
  return new DeckhandError('input.invalid', `${field}: ${text}.`, { details: { field }, hint });
}

/**
 * The first time after `after` (milliseconds since the epoch) that a five-field cron text or `every 15m` names;
 * `from` anchors intervals. Throws `input.invalid` for text that is malformed or never fires.
 */
export function nextTime(
  when: string,
  options: { readonly timeZone: string; readonly after: number; readonly from: number },
): number {
  const interval = /^every\s+(\S+)$/.exec(when.trim());
  if (interval?.[1] !== undefined) {
    const length = parseDuration(interval[1], 'when');
    if (length < SHORTEST_INTERVAL)
      throw invalid('when', `'${when}' is too often`, 'The shortest interval is 10 seconds.');
    const passed = Math.max(0, Math.floor((options.after - options.from) / length));
    return options.from + (passed + 1) * length;
  }
  const next = cron(when, options.timeZone).nextRun(new Date(options.after));
  if (!next) throw invalid('when', `'${when}' never comes`, 'Choose a day that exists, as in `0 3 * * 1`.');
  return next.getTime();
}

function cron(when: string, timeZone: string): Cron {
  checkTimeZone(timeZone);
  try {
    return new Cron(when, { timezone: timeZone, mode: '5-part', paused: true });
  } catch (error) {
    throw new DeckhandError('input.invalid', `when: '${when}' is neither a cron line nor an interval.`, {
      details: { field: 'when' },
      hint: 'Five fields: minute hour day month weekday, as in `30 2 * * *`, or `every 15m`.',
      cause: error,
    });
  }
}

function checkTimeZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw invalid('timeZone', `'${timeZone}' is no time zone`, 'Use an IANA name such as Europe/Berlin.');
  }
}
