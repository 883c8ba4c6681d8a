import { createHash } from 'node:crypto';
import type { DeckhandError } from '../../core/deckhand-error.ts';
import { maskSecrets } from '../../core/mask-secrets.ts';
import type { PlanningCall } from '../../core/planning-model.ts';
import type { PlanningRecord } from '../../core/planning-record.ts';
import { headAndTail } from '../../core/untrusted.ts';
import type { Asking } from './ask-model.ts';
import { wireSchema } from './wire-schema.ts';

/** Characters of one text; the middle is left out. */
const LONGEST_TEXT = 60_000;

/** The same for the same question to the same model. */
export function questionOf(model: string, call: PlanningCall<unknown>): string {
  const { role, instructions, prompt, schemaName, schema } = call;
  const asked = [model, role, instructions, prompt, schemaName, JSON.stringify(wireSchema(schema))];
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}

export interface Recorded {
  readonly number: number;
  readonly model: string;
  readonly question: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly duration: number;
  readonly error: DeckhandError | null;
}

/** What is kept of one call: whole where it can be, never with a secret. */
export function recordOf(
  call: PlanningCall<unknown>,
  asking: Pick<Asking<unknown>, 'turns' | 'keys' | 'requests' | 'usage' | 'tokens'>,
  { error, ...about }: Recorded,
): PlanningRecord {
  const safe = (text: string): string => headAndTail(maskSecrets(text, asking.keys), LONGEST_TEXT);
  const fitting = asking.turns.find(({ fault }) => fault === null);
  // an answer that had to be touched cannot stand for itself later
  const isWhole = fitting !== undefined && safe(fitting.answer) === fitting.answer;
  return {
    ...about,
    role: call.role,
    schemaName: call.schemaName,
    instructions: safe(call.instructions),
    prompt: safe(call.prompt),
    turns: asking.turns.map(({ answer, fault }) => ({
      answer: safe(answer),
      fault: fault === null ? null : safe(fault),
    })),
    requests: asking.requests,
    usage: asking.usage,
    tokens: asking.tokens,
    isWhole,
    error: error?.toJSON() ?? null,
  };
}
