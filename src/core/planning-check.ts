import type { ErrorRecord } from './deckhand-error.ts';
import type { PlanningRole, PlanningUsage } from './planning-model.ts';
import { z } from './schema.ts';

/** Which model plans each role, and whether each answers. */
export const planningCheckParams = z.strictObject({
  /** This model instead of those of the settings. */
  model: z.string().min(1).max(300).optional(),
  /** Asks each model for one tiny answer of a given shape. */
  probe: z.boolean().default(false),
});

/** What one model answered, or why it did not. */
export interface PlanningProbe {
  /** As it was asked for. */
  readonly model: string;
  /** As it is called in full; null where the name is not known. */
  readonly name: string | null;
  /** Null: it was not asked. */
  readonly answered: {
    /** Milliseconds. */
    readonly duration: number;
    readonly usage: PlanningUsage;
    readonly repaired: boolean;
  } | null;
  readonly error: ErrorRecord | null;
}

export interface PlanningCheck {
  /** Null: no model is configured for it. */
  readonly roles: readonly { readonly role: PlanningRole; readonly model: string | null }[];
  readonly models: readonly PlanningProbe[];
}
