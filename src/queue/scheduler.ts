import type { Clock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { newId } from '../core/ids.ts';
import type { ScheduleView } from '../core/queue-view.ts';
import type { Schedule, Store } from '../store/store.ts';
import { nextTime } from './recurrence.ts';

export interface ScheduleWish {
  readonly name: string;
  readonly when: string;
  readonly timeZone?: string;
  readonly missed?: 'skip' | 'once';
  readonly submission: object;
}

export interface SchedulerOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The same key twice is one submission: a crash between submitting and remembering repeats nothing. */
  readonly submit: (submission: Readonly<Record<string, unknown>>, key: string) => Promise<void>;
  readonly onTrouble: (error: DeckhandError) => void;
}

/** Milliseconds between two looks; a cron line has minutes. */
const LOOK = 1000;
/** Later than this, milliseconds, a run counts as missed. */
const LATE = 90_000;

/** Submits what is due by the clock; what was missed while nobody was there is left out, or made up for once. */
export class Scheduler implements AsyncDisposable {
  readonly #options: SchedulerOptions;
  readonly #timer: NodeJS.Timeout;
  #working: Promise<void> | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.look(), LOOK).unref();
  }

  async list(): Promise<readonly ScheduleView[]> {
    return (await this.#options.store.schedules()).map(summaryOf);
  }

  /** Throws `input.invalid` for a malformed time, one that never comes, or a name that is taken. */
  async add(wish: ScheduleWish): Promise<ScheduleView> {
    const { store, clock } = this.#options;
    if (!/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/.test(wish.name))
      throw new DeckhandError('input.invalid', 'name: give 1 to 100 letters, digits, spaces, dots, dashes.', {
        details: { field: 'name' },
      });
    if ((await store.schedules()).some(({ name }) => name === wish.name))
      throw new DeckhandError('input.invalid', `name: there is a schedule '${wish.name}' already.`, {
        details: { field: 'name' },
      });
    const now = clock.now();
    const timeZone = wish.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    const schedule: Schedule = {
      id: newId('schedule', now),
      name: wish.name,
      when: wish.when,
      timeZone,
      missed: wish.missed ?? 'skip',
      submission: { ...wish.submission },
      enabled: true,
      nextAt: nextTime(wish.when, { timeZone, after: now, from: now }),
      lastAt: null,
      createdAt: now,
    };
    await store.saveSchedule(schedule);
    return summaryOf(schedule);
  }

  /** Throws `input.invalid` for an unknown id or name. */
  async remove(idOrName: string): Promise<void> {
    const { store } = this.#options;
    const known = (await store.schedules()).find(({ id, name }) => id === idOrName || name === idOrName);
    if (!known || !(await store.removeSchedule(known.id)))
      throw new DeckhandError('input.invalid', `id: there is no schedule '${idOrName}'.`, {
        details: { field: 'id' },
      });
  }

  /** Submits what is due now. */
  look(): void {
    this.#working ??= this.#submitDue()
      .catch((error: unknown) => this.#options.onTrouble(toDeckhandError(error)))
      .finally(() => {
        this.#working = undefined;
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
  }

  async #submitDue(): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock.now();
    for (const schedule of await store.schedules()) {
      if (schedule.enabled && schedule.nextAt !== null && schedule.nextAt <= now)
        await this.#submit(schedule, schedule.nextAt, now);
    }
  }

  async #submit(schedule: Schedule, dueAt: number, now: number): Promise<void> {
    const { store, submit, onTrouble } = this.#options;
    const runs = now - dueAt <= LATE || schedule.missed === 'once';
    if (runs) {
      try {
        await submit(schedule.submission, `${schedule.id}@${dueAt}`);
      } catch (error) {
        // a host that is no longer known must not keep the others from their time
        onTrouble(toDeckhandError(error));
      }
    }
    const nextAt = nextTime(schedule.when, {
      timeZone: schedule.timeZone,
      after: now,
      from: schedule.createdAt,
    });
    await store.saveSchedule({ ...schedule, nextAt, lastAt: runs ? now : schedule.lastAt });
  }
}

function summaryOf(schedule: Schedule): ScheduleView {
  const { id, name, when, timeZone, missed, enabled, nextAt, lastAt, submission } = schedule;
  const time = (value: number | null): string | null =>
    value === null ? null : new Date(value).toISOString();
  const { kind, hosts } = submission;
  return {
    id,
    name,
    when,
    timeZone,
    missed,
    enabled,
    nextAt: time(nextAt),
    lastAt: time(lastAt),
    kind: String(kind),
    hosts: typeof hosts === 'string' ? hosts : null,
  };
}
