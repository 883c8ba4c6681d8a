import type { EmergencyStop } from '../api/oversight-contract.ts';
import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { isFinal, TASK_STATES } from '../core/task-state.ts';
import type { NewTask, TaskRecord } from '../core/task.ts';
import type { Store } from '../store/store.ts';

const SETTING = 'stop';
const PAGE = 1000;
const OPEN_STATES = TASK_STATES.filter(state => !isFinal(state));
/** The kind of task that decides for itself what it runs. */
const RUN_KIND = 'agent.run';

interface Place {
  readonly store: Store;
  readonly clock: Clock;
}

/** The stop that holds now; null = none, or its time is over. */
export async function stopOf({ store, clock }: Place): Promise<EmergencyStop | null> {
  const kept = (await store.setting(SETTING)) as EmergencyStop | null | undefined;
  if (!kept) return null;
  return kept.until !== null && Date.parse(kept.until) <= clock.now() ? null : kept;
}

/** Kept before anything is cancelled: what is submitted from here on is refused. */
export async function beginStop(
  { store, clock }: Place,
  who: string,
  cooldown: number | undefined,
): Promise<EmergencyStop> {
  const now = clock.now();
  const until = cooldown === undefined ? null : new Date(now + cooldown).toISOString();
  const stop: EmergencyStop = { since: new Date(now).toISOString(), who, until };
  await store.saveSetting(SETTING, stop);
  return stop;
}

/** False = none held. */
export async function endStop(place: Place): Promise<boolean> {
  const held = (await stopOf(place)) !== null;
  await place.store.saveSetting(SETTING, null);
  return held;
}

/** Throws `policy.stopped` for a run while a stop holds; a look at what would change is none. */
export async function requireNoStop(
  place: Place,
  task: Pick<NewTask, 'kind' | 'params'> | undefined,
): Promise<void> {
  if (task?.kind !== RUN_KIND || task.params['mode'] === 'preview') return;
  const stop = await stopOf(place);
  if (!stop) return;
  const until = stop.until === null ? '' : `, until ${stop.until}`;
  throw new DeckhandError('policy.stopped', `${stop.who} stopped all runs at ${stop.since}${until}.`, {
    details: { ...stop },
  });
}

/** Every run that has not ended, oldest first. */
export async function openRuns({ store }: Pick<Place, 'store'>): Promise<readonly TaskRecord[]> {
  const runs: TaskRecord[] = [];
  let cursor: string | null = null;
  do {
    const filter = { kind: RUN_KIND, states: OPEN_STATES };
    const page = await store.tasks(filter, { limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    runs.push(...page.tasks);
    cursor = page.next;
  } while (cursor !== null);
  return runs.toReversed();
}
