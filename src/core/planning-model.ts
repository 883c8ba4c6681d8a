import type { z } from './schema.ts';

/** What a planning model is asked for; each may be another model (`agent.model`, `agent.models.repair`, …). */
export const PLANNING_ROLES = ['improve', 'plan', 'detail', 'repair', 'summarise'] as const;
export type PlanningRole = (typeof PLANNING_ROLES)[number];

export interface PlanningCall<Value> {
  readonly role: PlanningRole;
  /** What the model is to do; ours, never from a host. */
  readonly instructions: string;
  /** The request and the evidence; text from hosts is fenced in it already. */
  readonly prompt: string;
  /** Flat: no unions, no records, nullable instead of optional, so that strict servers take it. */
  readonly schema: z.ZodType<Value>;
  /** `[a-z_]+`, told to servers that want a name for the schema. */
  readonly schemaName: string;
  readonly signal: AbortSignal;
}

/** Tokens as the server counted them; null where it told nothing. */
export interface PlanningUsage {
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  /** In the currency of the prices in the settings; null = no price is known. */
  readonly cost: number | null;
}

export interface PlanningAnswer<Value> {
  /** Fits the schema. */
  readonly value: Value;
  readonly usage: PlanningUsage;
  /** True: the first answer did not fit and was asked for once more with the fault named. */
  readonly repaired: boolean;
  readonly model: string;
}

/** A language model that answers with data of a given shape. It proposes; nothing it says is believed. */
export interface PlanningModel {
  /** For people: `gpu-1/qwen`, `anthropic/claude-…`. */
  readonly name: string;
  /**
   * Throws `planner.malformed` (twice no fitting answer), `planner.unreachable`, `planner.refused` (key or
   * account), `planner.unknown` (its server has no such model), `planner.busy` (after retries),
   * `planner.budget-exhausted`, `planner.timed-out`, `chat.context-overflow` and `chat.refused`.
   */
  ask<Value>(call: PlanningCall<Value>): Promise<PlanningAnswer<Value>>;
}
