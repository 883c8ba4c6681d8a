import type { ModelMessage } from 'ai';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { PlanningCall, PlanningUsage } from '../../core/planning-model.ts';
import type { PlanningTurn } from '../../core/planning-record.ts';
import { oneRequest, type RequestAnswer } from './one-request.ts';
import { plannerFault } from './planner-fault.ts';
import type { AnswerLimits, PlanningServer } from './planning-server.ts';
import { readAnswer } from './read-answer.ts';
import { retryPause } from './retry-pause.ts';
import type { Spending } from './spending.ts';
import { wireSchema } from './wire-schema.ts';

/** Tokens of one answer at most: a model that never ends is ended by its own server. */
const MOST_TOKENS = 16_384;
/** Characters of a wrong answer that are shown to the model again. */
const LONGEST_QUOTE = 8_000;
/** Characters a token has at least, on the average: for servers that do not count. */
const TOKEN_LENGTH = 3;

export interface AskOptions {
  readonly clock: Clock;
  /** From 0 to 1, anew at each call. */
  readonly chance: () => number;
  readonly limits: AnswerLimits;
  readonly spending: Spending;
}

/** One question to one model, with everything that came of it: also when it fails. */
export class Asking<Value> {
  readonly turns: PlanningTurn[] = [];
  /** Keys that went along. */
  readonly keys = new Set<string>();
  requests = 0;
  /** As counted against the budget. */
  tokens = 0;
  #promptTokens: number | null = null;
  #completionTokens: number | null = null;
  #cost: number | null = null;
  #tellsSchema = false;
  readonly #server: PlanningServer;
  readonly #call: PlanningCall<Value>;
  readonly #options: AskOptions;

  constructor(server: PlanningServer, call: PlanningCall<Value>, options: AskOptions) {
    this.#server = server;
    this.#call = call;
    this.#options = options;
  }

  get usage(): PlanningUsage {
    return {
      promptTokens: this.#promptTokens,
      completionTokens: this.#completionTokens,
      cost: this.#cost,
    };
  }

  /** The answer; an answer that does not fit is sent back once with its fault. */
  async answer(): Promise<Value> {
    const { prompt, schema } = this.#call;
    const messages: ModelMessage[] = [{ role: 'user', content: prompt }];
    for (;;) {
      const { text, finishReason } = await this.#patiently(messages);
      const read = readAnswer(text, schema, finishReason);
      this.turns.push({ answer: text, fault: read.fits ? null : read.fault });
      if (read.fits) return read.value;
      if (this.turns.length > 1) throw this.#malformed(read.fault);
      messages.push(
        { role: 'assistant', content: text.slice(0, LONGEST_QUOTE) || '(nothing)' },
        { role: 'user', content: this.#repairRequest(read.fault) },
      );
    }
  }

  /** Sends the same again where the fault may pass. */
  async #patiently(messages: readonly ModelMessage[]): Promise<RequestAnswer> {
    const { clock, chance } = this.#options;
    const { signal } = this.#call;
    const tried = { busy: 0, broken: 0 };
    for (;;) {
      try {
        return await this.#send(messages);
      } catch (thrown) {
        signal.throwIfAborted();
        const fault = plannerFault(thrown, this.#server, clock.now());
        if (fault.kind === 'no-schema' && !this.#tellsSchema) {
          this.#tellsSchema = true;
          continue;
        }
        // the next question reads the key anew: a person may have corrected it
        if (fault.error.code === 'planner.refused') this.#server.forget();
        if (fault.kind === 'final' || fault.kind === 'no-schema') throw fault.error;
        const pause = retryPause(fault, tried[fault.kind], this.#server.isLocal, chance());
        if (pause === null) {
          // the next question finds out anew what it must know of the server; the tries of this one do not wait for that
          this.#server.forget();
          throw fault.error;
        }
        tried[fault.kind] += 1;
        await clock.sleep(pause, signal);
      }
    }
  }

  async #send(messages: readonly ModelMessage[]): Promise<RequestAnswer> {
    const { spending, limits, clock } = this.#options;
    const { instructions, schema, schemaName, signal } = this.#call;
    spending.begin();
    this.requests += 1;
    const json = wireSchema(schema);
    const said = this.#tellsSchema ? `${instructions}\n\n${inWords(json)}` : instructions;
    const asked = said.length + messages.reduce((sum, { content }) => sum + content.length, 0);
    let answer: RequestAnswer | undefined;
    try {
      answer = await oneRequest({
        server: this.#server,
        instructions: said,
        messages,
        schema: this.#tellsSchema ? null : { name: schemaName, json },
        mostTokens: spending.tokensLeft(MOST_TOKENS),
        limits,
        clock,
        signal,
        onKey: key => this.keys.add(key),
      });
      return answer;
    } finally {
      if (answer) this.#count(answer, asked);
    }
  }

  /** What the server counted; where it does not, the length of the texts stands for it in the budget. */
  #count({ promptTokens, completionTokens, text }: RequestAnswer, asked: number): void {
    const { price } = this.#server;
    const input = promptTokens ?? Math.ceil(asked / TOKEN_LENGTH);
    const output = completionTokens ?? Math.ceil(text.length / TOKEN_LENGTH);
    const cost = price && (input * price.input + output * price.output) / 1_000_000;
    if (promptTokens !== null) this.#promptTokens = (this.#promptTokens ?? 0) + promptTokens;
    if (completionTokens !== null) this.#completionTokens = (this.#completionTokens ?? 0) + completionTokens;
    if (cost !== null) this.#cost = (this.#cost ?? 0) + cost;
    this.tokens += input + output;
    this.#options.spending.add(input + output, cost ?? 0);
  }

  #repairRequest(fault: string): string {
    return [
      `That answer cannot be used: ${fault}.`,
      'Answer once more, with the whole corrected JSON object and nothing else.',
      inWords(wireSchema(this.#call.schema)),
    ].join('\n');
  }

  #malformed(fault: string): DeckhandError {
    const { name } = this.#server;
    return new DeckhandError(
      'planner.malformed',
      `${name}: two answers did not fit '${this.#call.schemaName}'; of the last one: ${fault.slice(0, 400)}.`,
      { details: { model: name, schema: this.#call.schemaName, fault } },
    );
  }
}

function inWords(json: Readonly<Record<string, unknown>>): string {
  return `Answer with one JSON object that fits this JSON schema, and with nothing else:\n${JSON.stringify(json)}`;
}
