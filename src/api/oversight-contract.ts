import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { TaskView } from './task-api.ts';

/** Since when no run may begin. Times: ISO 8601. */
export interface EmergencyStop {
  readonly since: string;
  readonly who: string;
  /** When it ends by itself; null = when a person clears it. */
  readonly until: string | null;
}

/** One receiver of notifications, and whether it took a message. */
export interface NotificationTest {
  /** Without secrets: `webhook https://example.org`. */
  readonly channel: string;
  /** What it is told of. */
  readonly on: readonly string[];
  readonly error: ErrorRecord | null;
}

/** What a person keeps over everything that runs by itself. Methods throw `DeckhandError`. */
export interface OversightApi {
  /** Null = none holds. */
  emergencyStop(): Promise<EmergencyStop | null>;
  /**
   * From now on no run begins, and each that has not ended is cancelled; a run counts as cancelled when its processes
   * were seen to be gone from their hosts, or with `force` at once. `cooldown`: milliseconds until runs may begin again.
   */
  stopAll(request: {
    readonly force: boolean;
    readonly cooldown?: number;
  }): Promise<{ readonly stop: EmergencyStop; readonly tasks: readonly TaskView[] }>;
  /** Runs may begin again. False = they could. */
  clearStop(): Promise<boolean>;
  /** Tells every receiver of the settings something now. Throws `settings.invalid`. */
  testNotifications(): Promise<readonly NotificationTest[]>;
}
