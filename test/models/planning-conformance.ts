import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { toDeckhandError } from '../../src/core/deckhand-error.ts';
import type { PlanningAnswer, PlanningCall } from '../../src/core/planning-model.ts';
import { type PlanningRecord, planningRecords } from '../../src/core/planning-record.ts';
import { z } from '../../src/core/schema.ts';
import { Planner, PlanningLedger, type TranscriptKeeper } from '../../src/models/planning/planner.ts';
import type { AnswerLimits, PlanningServer, Provider } from '../../src/models/planning/planning-server.ts';
import type { PlanningBudget } from '../../src/models/planning/spending.ts';
import { ScriptedPlanner } from './scripted-planner.ts';

/** What every provider must do with the port, against a server that does what a test wants. */

export const planSchema = z.object({
  goal: z.string().max(4000),
  risk: z.enum(['low', 'high']),
  note: z.string().nullable(),
  steps: z.array(z.object({ id: z.string(), minutes: z.number().int().min(1) })).min(1),
});
export const GOOD = { goal: 'serve', risk: 'low', note: null, steps: [{ id: 'one', minutes: 3 }] } as const;
const good = { say: JSON.stringify(GOOD) };
const bad = { say: JSON.stringify({ ...GOOD, risk: 'enormous' }) };

/** Longer than any test: whoever waits that long waits for real. */
const NEVER = 60_000;

/** Pauses before another try are over at once and written down. */
export function hastyClock(): Clock & { readonly pauses: number[] } {
  const pauses: number[] = [];
  return {
    ...systemClock,
    pauses,
    async sleep(milliseconds, signal) {
      if (milliseconds >= NEVER / 2) return await systemClock.sleep(milliseconds, signal);
      pauses.push(milliseconds);
    },
  };
}

export interface Run {
  readonly answer: PlanningAnswer<z.infer<typeof planSchema>> | null;
  readonly error: ReturnType<typeof toDeckhandError> | null;
  readonly records: readonly PlanningRecord[];
  readonly events: readonly { readonly kind: string }[];
  readonly steps: Map<string, Readonly<Record<string, unknown>>>;
}

export interface RunOptions {
  readonly clock?: Clock;
  readonly limits?: AnswerLimits;
  readonly budget?: PlanningBudget;
  readonly signal?: AbortSignal;
  readonly steps?: Map<string, Readonly<Record<string, unknown>>>;
  readonly call?: Partial<PlanningCall<z.infer<typeof planSchema>>>;
  readonly remember?: TranscriptKeeper['remember'];
}

/** One question as a run asks it, and what the run keeps of it. */
export async function askFor(server: PlanningServer, options: RunOptions = {}): Promise<Run> {
  const steps = options.steps ?? new Map<string, Readonly<Record<string, unknown>>>();
  const events: { kind: string }[] = [];
  const ledger = new PlanningLedger(
    {
      steps,
      remember:
        options.remember ??
        (async (name, output) => {
          steps.set(name, output);
          await Promise.resolve();
        }),
      emit: event => void events.push(event),
    },
    options.budget ?? { tokens: 0, money: 0, calls: 0 },
  );
  const planner = new Planner({
    name: server.name,
    serverFor: () => server,
    ledger,
    clock: options.clock ?? hastyClock(),
    chance: () => 1,
    limits: options.limits ?? { total: NEVER, silence: NEVER },
  });
  const call = {
    role: 'plan' as const,
    instructions: 'You plan.',
    prompt: 'Serve hello.',
    schema: planSchema,
    schemaName: 'plan',
    signal: options.signal ?? AbortSignal.timeout(NEVER),
    ...options.call,
  };
  const outcome = await planner.ask(call).then(
    answer => ({ answer, error: null }),
    (thrown: unknown) => ({ answer: null, error: toDeckhandError(thrown) }),
  );
  return { ...outcome, records: planningRecords(steps), events, steps };
}

const KEY_HEADERS: Readonly<Record<Provider, string>> = {
  'openai-compatible': 'authorization',
  anthropic: 'x-api-key',
  google: 'x-goog-api-key',
};

export function planningConformance(provider: Provider): void {
  const start = async (...moves: ScriptedPlanner['moves']): Promise<ScriptedPlanner> =>
    await ScriptedPlanner.start(provider, moves);

  describe(`a planning model of the kind ${provider}`, () => {
    it('answers in the shape that was asked for, by a schema that was sent (A25)', async () => {
      await using server = await start(good);
      const { answer, records, events } = await askFor(
        server.planningServer({ price: { input: 2, output: 10 } }),
      );
      const cost = (70 * 2 + 30 * 10) / 1e6;
      const usage = { promptTokens: 70, completionTokens: 30, cost };
      expect(answer).toEqual({ value: GOOD, usage, repaired: false, model: 'box/brain' });
      const [{ body, headers, path } = {}] = server.seen as {
        body?: object;
        headers?: object;
        path?: string;
      }[];
      expect(JSON.stringify(body)).toContain('"enum":["low","high"]');
      expect(JSON.stringify(body)).not.toContain('maxLength');
      expect((headers as Record<string, string>)[KEY_HEADERS[provider]]).toContain(server.key);
      expect(path).toMatch(/^\/v1(beta)?\//);
      expect(records).toMatchObject([{ number: 1, role: 'plan', requests: 1, tokens: 100, error: null }]);
      expect(records[0]?.turns).toEqual([{ answer: good.say, fault: null }]);
      expect(events.map(({ kind }) => kind)).toEqual(['model-asked', 'model-answered']);
    });

    it('is asked once more with the fault named, and no third time', async () => {
      await using server = await start(bad, good);
      const { answer, records } = await askFor(server.planningServer());
      expect(answer).toMatchObject({ value: GOOD, repaired: true, usage: { promptTokens: 140 } });
      expect(JSON.stringify(server.seen[1]?.body)).toContain('risk: Invalid option');
      expect(records[0]?.turns.map(({ fault }) => fault)).toEqual([
        expect.stringContaining('risk: Invalid option'),
        null,
      ]);
      server.moves = [bad];
      const again = await askFor(server.planningServer());
      expect(again.error).toMatchObject({ code: 'planner.malformed' });
      expect(again.error?.message).toContain('risk: Invalid option');
      expect(server.seen).toHaveLength(4);
    });

    it('takes prose, half an answer and nothing for what they are', async () => {
      await using server = await start(
        { say: 'Of course!' },
        { say: `Here:\n\`\`\`json\n${good.say}\n\`\`\`` },
      );
      const { answer, records } = await askFor(server.planningServer());
      expect([answer?.value, records[0]?.turns[0]?.fault]).toEqual([GOOD, 'the answer is no JSON']);
      server.moves = [{ say: good.say.slice(0, 20), finish: 'length' }, { say: '' }];
      const { error, records: kept } = await askFor(server.planningServer());
      expect([error?.code, ...(kept[0]?.turns.map(({ fault }) => fault) ?? [])]).toEqual([
        'planner.malformed',
        'the answer was cut off at the limit of its length; be brief',
        'the answer is empty',
      ]);
    });

    it('names provider and key file when the key is refused, and never the key', async () => {
      await using server = await start();
      let forgotten = 0;
      for (const status of [401, 403]) {
        server.moves = [{ status, body: { error: { message: `Incorrect API key: ${server.key}` } } }];
        const { error, records } = await askFor(
          server.planningServer({ forget: () => void (forgotten += 1) }),
        );
        expect(error).toMatchObject({ code: 'planner.refused' });
        expect(error?.message).toContain(`(${provider}) refused the key with ${status}`);
        expect(error?.message).toContain('/keys/box');
        expect(JSON.stringify([error, records])).not.toContain(server.key);
      }
      expect([server.seen.length, forgotten]).toEqual([2, 2]);
    });

    it('waits as long as the server asks when it is busy, and gives up in the end', async () => {
      const busy = { status: 429, body: { error: { message: 'slow down' } } };
      await using server = await start({ ...busy, headers: { 'retry-after': '7' } }, good);
      const clock = hastyClock();
      expect((await askFor(server.planningServer(), { clock })).answer?.value).toEqual(GOOD);
      expect(clock.pauses).toEqual([7000]);
      server.moves = [busy];
      const tired = hastyClock();
      const { error, records } = await askFor(server.planningServer(), { clock: tired });
      expect(error).toMatchObject({ code: 'planner.busy', retryable: true });
      expect([tired.pauses, records[0]?.requests]).toEqual([[1000, 2000, 4000], 4]);
      server.moves = [{ ...busy, headers: { 'retry-after': '3600' } }];
      const late = hastyClock();
      expect((await askFor(server.planningServer(), { clock: late })).error?.code).toBe('planner.busy');
      expect(late.pauses).toEqual([]);
    });

    it.each([
      ['500s', { status: 500, body: { error: { message: 'oops' } } }],
      ['a cut stream', { cut: '{"goal":' }],
      ['a stream that ends in the middle', { short: '{"goal":' }],
    ])('tries again after %s, then says that it is out of reach (T20)', async (_what, move) => {
      await using server = await start(move, good);
      expect((await askFor(server.planningServer())).answer?.value).toEqual(GOOD);
      server.moves = [move];
      const { error, answer } = await askFor(server.planningServer());
      expect([answer, error]).toMatchObject([null, { code: 'planner.unreachable', retryable: true }]);
      expect(server.seen).toHaveLength(5);
      const local = await askFor(server.planningServer({ isLocal: true }));
      expect([local.error?.code, server.seen.length]).toEqual(['planner.unreachable', 6]);
    });

    it('takes an error within a stream for one', async () => {
      await using server = await start({ fails: 'overloaded, come back' });
      const { error } = await askFor(server.planningServer());
      expect(error?.code).toMatch(/^planner\.(busy|unreachable)$/);
      expect(server.seen.length).toBeGreaterThan(1);
    });

    it('ends a stream that never ends, and one in which nothing is said (T20)', async () => {
      await using server = await start({ endless: true });
      const slow = { clock: systemClock, limits: { total: 250, silence: NEVER } };
      const { error } = await askFor(server.planningServer(), slow);
      expect(error).toMatchObject({ code: 'planner.timed-out' });
      expect(error?.message).toContain('did not end within 0.25 s (agent.timeout)');
      await server.left();
      const quiet = { clock: systemClock, limits: { total: NEVER, silence: 100 } };
      for (const move of [{ silent: true }, { stalls: '{"goal":' }] as const) {
        server.moves = [move];
        const stalled = await askFor(server.planningServer(), quiet);
        expect(stalled.error?.message).toContain('not a byte came for 0.1 s (agent.silence)');
      }
    });

    it('says when nothing answers, at once on this machine', async () => {
      const server = await start(good);
      const planning = server.planningServer({ isLocal: true });
      await server[Symbol.asyncDispose]();
      const clock = hastyClock();
      const { error, records } = await askFor(planning, { clock });
      expect([error?.code, clock.pauses, records[0]?.requests]).toEqual(['planner.unreachable', [], 1]);
    });

    it('counts nothing where the server counts nothing', async () => {
      await using server = await start({ ...good, usage: false });
      const { answer, records } = await askFor(server.planningServer());
      // Anthropic counts in every answer
      const counts = provider === 'anthropic' ? [70, 30] : [null, null];
      expect([answer?.usage.promptTokens, answer?.usage.completionTokens]).toEqual(counts);
      expect(records[0]?.tokens).toBeGreaterThan(5);
    });

    it('is left at once when the run is cancelled, and the server sees it', async () => {
      await using server = await start({ endless: true });
      const stop = new AbortController();
      const asked = askFor(server.planningServer(), { signal: stop.signal });
      const reason = new Error('cancelled by a person');
      while (server.seen.length === 0) await new Promise(resolve => setImmediate(resolve));
      stop.abort(reason);
      expect((await asked).error?.message).toBe('cancelled by a person');
      await server.left();
    });

    it('stops at the budget, counted over all claims of the run', async () => {
      await using server = await start(good);
      const budget = { tokens: 150, money: 0, calls: 0 };
      const first = await askFor(server.planningServer(), { budget });
      const call = { prompt: 'Another one.' };
      const second = await askFor(server.planningServer(), { budget, steps: first.steps, call });
      expect(second.answer).not.toBeNull();
      const third = await askFor(server.planningServer(), {
        budget,
        steps: first.steps,
        call: { prompt: 'More.' },
      });
      expect(third.error).toMatchObject({
        code: 'planner.budget-exhausted',
        details: { what: 'tokens', used: 200 },
      });
      const calls = await askFor(server.planningServer(), {
        budget: { tokens: 0, money: 0, calls: 2 },
        steps: first.steps,
      });
      expect([calls.error, server.seen.length]).toEqual([null, 2]);
    });

    it('repeats from the transcript what an earlier claim was told', async () => {
      await using server = await start(good);
      const first = await askFor(server.planningServer());
      const again = await askFor(server.planningServer(), { steps: first.steps });
      expect(again.answer).toEqual(first.answer);
      expect(again.events).toMatchObject([{ kind: 'model-answered', replayed: true }]);
      const other = await askFor(server.planningServer(), {
        steps: first.steps,
        call: { prompt: 'Something else.' },
      });
      expect([other.answer?.value, server.seen.length]).toEqual([GOOD, 2]);
    });
  });
}
