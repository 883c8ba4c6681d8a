import type { Clock } from '../../core/clock.ts';
import { type DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import type { PlanningAnswer, PlanningCall, PlanningModel, PlanningRole } from '../../core/planning-model.ts';
import { type PlanningRecord, planningRecords, planningStep } from '../../core/planning-record.ts';
import type { RunEventBody } from '../../core/run-event.ts';
import { Asking, type AskOptions } from './ask-model.ts';
import { maskedError } from './masked-error.ts';
import type { PlanningServer } from './planning-server.ts';
import { readAnswer } from './read-answer.ts';
import { type PlanningBudget, type Spent, Spending } from './spending.ts';
import { questionOf, recordOf } from './transcript.ts';

/** Where a run keeps what its models said. */
export interface TranscriptKeeper {
  readonly steps: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Kept before it resolves. */
  readonly remember: (name: string, output: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly emit: (event: Extract<RunEventBody, { kind: 'model-asked' | 'model-answered' }>) => void;
}

/** What all planning of one claim shares: the numbers, what was spent, and what earlier claims heard already. */
export class PlanningLedger {
  readonly keeper: TranscriptKeeper;
  readonly spending: Spending;
  #number: number;
  readonly #heard: PlanningRecord[];

  constructor(keeper: TranscriptKeeper, budget: PlanningBudget) {
    const records = planningRecords(keeper.steps);
    this.keeper = keeper;
    this.spending = new Spending(budget, spentBy(records));
    this.#number = records.at(-1)?.number ?? 0;
    this.#heard = records.filter(({ isWhole, error }) => isWhole && error === null);
  }

  next(): number {
    this.#number += 1;
    return this.#number;
  }

  /** What an earlier claim was answered to the same question, each answer once. */
  heard(question: string): PlanningRecord | undefined {
    const index = this.#heard.findIndex(record => record.question === question);
    return index === -1 ? undefined : this.#heard.splice(index, 1)[0];
  }
}

function spentBy(records: readonly PlanningRecord[]): Spent {
  return {
    tokens: records.reduce((sum, { tokens }) => sum + tokens, 0),
    money: records.reduce((sum, { usage }) => sum + (usage.cost ?? 0), 0),
    calls: records.reduce((sum, { requests }) => sum + requests, 0),
  };
}

export interface PlannerParts extends Omit<AskOptions, 'spending'> {
  /** For people. */
  readonly name: string;
  readonly serverFor: (role: PlanningRole) => PlanningServer;
  readonly ledger: PlanningLedger;
  readonly clock: Clock;
}

/** A planning model over servers, each call within the budget and kept in the transcript of its run. */
export class Planner implements PlanningModel {
  readonly name: string;
  readonly #parts: PlannerParts;

  constructor(parts: PlannerParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  async ask<Value>(call: PlanningCall<Value>): Promise<PlanningAnswer<Value>> {
    const { ledger } = this.#parts;
    const server = this.#parts.serverFor(call.role);
    const question = questionOf(server.name, call);
    const heard = ledger.heard(question);
    const replayed = heard && this.#replayed(heard, call);
    return replayed ?? (await this.#asked(server, question, call));
  }

  /** Undefined: what was kept does not fit any more. */
  #replayed<Value>(record: PlanningRecord, call: PlanningCall<Value>): PlanningAnswer<Value> | undefined {
    const { turns, number, role, model, usage } = record;
    const read = readAnswer(turns.at(-1)?.answer ?? '', call.schema, 'stop');
    if (!read.fits) return undefined;
    const repaired = turns.length > 1;
    this.#parts.ledger.keeper.emit({
      kind: 'model-answered',
      number,
      role,
      model,
      usage,
      repaired,
      duration: 0,
      requests: 0,
      replayed: true,
    });
    return { value: read.value, usage, repaired, model };
  }

  async #asked<Value>(
    server: PlanningServer,
    question: string,
    call: PlanningCall<Value>,
  ): Promise<PlanningAnswer<Value>> {
    const { clock, ledger } = this.#parts;
    const asking = new Asking(server, call, { ...this.#parts, spending: ledger.spending });
    const about = { number: ledger.next(), role: call.role, model: server.name };
    const [startedAt, begun] = [clock.now(), clock.monotonic()];
    ledger.keeper.emit({ kind: 'model-asked', ...about });
    const kept = async (error: DeckhandError | null): Promise<void> => {
      const duration = Math.round(clock.monotonic() - begun);
      const record = recordOf(call, asking, { ...about, question, startedAt, duration, error });
      const { usage, requests } = asking;
      ledger.keeper.emit({
        kind: 'model-answered',
        ...about,
        duration,
        usage,
        requests,
        repaired: asking.turns.length > 1,
        replayed: false,
        ...(error && { error: error.toJSON() }),
      });
      await ledger.keeper.remember(planningStep(about.number), { record });
    };
    let value: Value;
    try {
      value = await asking.answer();
    } catch (thrown) {
      const error = toDeckhandError(thrown);
      const safe = maskedError(error, asking.keys);
      await kept(safe);
      throw safe === error ? thrown : safe;
    }
    await kept(null);
    return { value, usage: asking.usage, repaired: asking.turns.length > 1, model: server.name };
  }
}
