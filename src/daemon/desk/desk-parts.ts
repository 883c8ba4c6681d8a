import type { Clock } from '../../core/clock.ts';
import { type DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { newId } from '../../core/ids.ts';
import type { Queue } from '../../queue/queue.ts';
import type { Scheduler } from '../../queue/scheduler.ts';
import type { Store } from '../../store/store.ts';
import type { TaskRegistry } from '../../tasks/task-registry.ts';
import type { Doors } from '../access/doors.ts';
import type { Models } from '../models/open-models.ts';
import type { Staging } from '../staging/staging.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { Fleets } from '../fleet-access.ts';
import type { FollowHub } from '../follow-hub.ts';
import type { Terminals } from '../terminal/terminals.ts';

/** What the desk gives its wishes to. */
export interface DeskParts {
  readonly store: Store;
  readonly queue: Queue;
  readonly hub: FollowHub;
  readonly scheduler: Scheduler;
  readonly registry: TaskRegistry;
  readonly fleets: Fleets;
  readonly models: Models;
  readonly notifier: Notifier;
  readonly staging: Staging;
  readonly terminals: Terminals;
  /** Null: an engine without a daemon, where nobody else comes in. */
  readonly doors: Doors | null;
  readonly clock: Clock;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Who asks: the account that the socket belongs to. */
  readonly who: string;
  readonly onTrouble: (error: DeckhandError) => void;
  readonly close: () => Promise<void>;
}

/** One request: the parts, and the id that travels with everything it causes. */
export interface DeskRequest extends DeskParts {
  readonly requestId: () => string;
}

/** Who did what, kept before the answer. */
export async function audit(request: DeskRequest, action: string, subject: string): Promise<void> {
  const { store, clock, who, requestId } = request;
  await store.audit({
    time: clock.now(),
    who,
    action,
    subject,
    outcome: 'allowed',
    requestId: requestId(),
    details: {},
  });
}

/** The same in a commit that nobody waits for: what was done is kept already. */
export function auditLater(request: DeskRequest, action: string, subject: string): void {
  setImmediate(() => {
    audit(request, action, subject).catch((error: unknown) => request.onTrouble(toDeckhandError(error)));
  });
}

export function asRequest(parts: DeskParts, id: string | undefined): DeskRequest {
  return { ...parts, requestId: () => id ?? newId('req', parts.clock.now()) };
}
