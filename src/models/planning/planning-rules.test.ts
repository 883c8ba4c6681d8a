import { describe, expect, it } from 'vitest';
import { askFor, GOOD, hastyClock, planSchema } from '../../../test/models/planning-conformance.ts';
import { ScriptedPlanner } from '../../../test/models/scripted-planner.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { maskSecrets } from '../../core/mask-secrets.ts';
import { z } from '../../core/schema.ts';
import { HttpRefusal } from './door-fetch.ts';
import { plannerFault } from './planner-fault.ts';
import { readAnswer } from './read-answer.ts';
import { retryPause } from './retry-pause.ts';
import { Spending } from './spending.ts';
import { wireSchema } from './wire-schema.ts';

const good = { say: JSON.stringify(GOOD) };
const about = { name: 'box/brain', provider: 'google', keySource: null } as const;
const fault = (status: number, body: unknown, headers = {}): [string, string] => {
  const { error, kind } = plannerFault(new HttpRefusal(status, JSON.stringify(body), headers), about, 0);
  return [error.code, kind];
};
const said = (message: string): unknown => ({ error: { message } });

describe('what a refusal means', () => {
  it.each([
    [400, said('API key not valid. Please pass a valid API key.'), 'planner.refused', 'final'],
    [400, said('Your credit balance is too low'), 'planner.refused', 'final'],
    [429, { error: { type: 'insufficient_quota', message: 'x' } }, 'planner.refused', 'final'],
    [429, said('slow down'), 'planner.busy', 'busy'],
    [529, said('Overloaded'), 'planner.busy', 'busy'],
    [503, said('Loading model'), 'planner.busy', 'busy'],
    [404, said('model: nope'), 'planner.unknown', 'final'],
    [400, said("'response_format' is not supported"), 'chat.unsupported', 'no-schema'],
    [400, said('failed to parse grammar'), 'chat.refused', 'no-schema'],
    [400, said('exceeds the available context size'), 'chat.context-overflow', 'final'],
    [302, {}, 'planner.unreachable', 'final'],
    [502, {}, 'planner.unreachable', 'broken'],
  ])('%i %j is %s, %s', (status, body, code, kind) => {
    expect(fault(status, body)).toEqual([code, kind]);
  });

  it('reads seconds, milliseconds and dates to wait for', () => {
    const after = (headers: Record<string, string>): number | null =>
      plannerFault(new HttpRefusal(429, '{}', headers), about, 1000).retryAfter;
    expect([
      after({ 'retry-after': '2' }),
      after({ 'retry-after-ms': '250', 'retry-after': '9' }),
      after({ 'retry-after': 'Thu, 01 Jan 1970 00:00:03 GMT' }),
      after({ 'retry-after': 'soon' }),
    ]).toEqual([2000, 250, 2000, null]);
  });

  it('lets through what the way to a server says better, and calls the rest out of reach', () => {
    const way = (error: DeckhandError): string => plannerFault(error, about, 0).error.code;
    expect([
      way(new DeckhandError('engine.down', 'Nothing answers.')),
      way(new DeckhandError('tunnel.down', 'The tunnel is down.')),
      way(new DeckhandError('local.file-missing', 'No key file.')),
    ]).toEqual(['planner.unreachable', 'planner.unreachable', 'local.file-missing']);
  });

  it('says in the words of the door what kept it from the server', async () => {
    const server = await ScriptedPlanner.start('openai-compatible', [good]);
    const down = new DeckhandError('engine.down', 'Nothing answers at 127.0.0.1:9: ECONNREFUSED.');
    const door = { ...(await server.planningServer().door(AbortSignal.timeout(20_000))) };
    await server[Symbol.asyncDispose]();
    const dial = async () => await Promise.reject(down);
    const planning = server.planningServer({
      isLocal: true,
      door: async () => await Promise.resolve({ ...door, dial }),
    });
    expect((await askFor(planning)).error?.message).toBe(`box/brain: ${down.message}`);
  });

  it('waits longer each time, and on this machine not at all for what does not answer', () => {
    const busy = { kind: 'busy', retryAfter: null } as const;
    expect([0, 1, 2, 3].map(tried => retryPause(busy, tried, false, 0))).toEqual([500, 1000, 2000, null]);
    expect(retryPause({ kind: 'broken', retryAfter: null }, 0, true, 0)).toBeNull();
    expect(retryPause({ kind: 'busy', retryAfter: 61_000 }, 0, false, 0)).toBeNull();
  });
});

describe('what is sent', () => {
  it('tells a server without schemas the schema in words', async () => {
    const refusal = { status: 400, body: said('response_format json_schema is not supported') };
    await using server = await ScriptedPlanner.start('openai-compatible', [refusal, good]);
    expect((await askFor(server.planningServer())).answer?.value).toEqual(GOOD);
    const [first, second] = server.seen.map(({ body }) => body);
    expect([Boolean(first?.['response_format']), second?.['response_format']]).toEqual([true, undefined]);
    expect(JSON.stringify(second)).toContain('fits this JSON schema');
  });

  it('takes no key from the environment by itself', async () => {
    await using server = await ScriptedPlanner.start('anthropic', [good]);
    process.env['ANTHROPIC_API_KEY'] = 'sk-ant-of-somebody-else';
    try {
      const planning = server.planningServer();
      const door = await planning.door(AbortSignal.timeout(20_000));
      const keyless = { ...door, key: () => undefined };
      await askFor({ ...planning, door: async () => await Promise.resolve(keyless) });
      expect(JSON.stringify(server.seen)).not.toContain('somebody-else');
    } finally {
      delete process.env['ANTHROPIC_API_KEY'];
    }
  });

  it('is the shape without the bounds that servers choke on; a field may have the name of one', () => {
    const schema = z.object({ format: z.string().max(9).regex(/x/), many: z.array(planSchema).max(3) });
    const sent = wireSchema(schema) as { properties: Record<string, object> };
    expect(Object.keys(sent.properties)).toEqual(['format', 'many']);
    expect(sent.properties['format']).toEqual({ type: 'string' });
    expect(sent.properties['many']).toMatchObject({ maxItems: 3, items: { additionalProperties: false } });
  });
});

describe('what is kept', () => {
  it('holds no key, and nothing that looks like a secret (T05)', async () => {
    await using server = await ScriptedPlanner.start('openai-compatible', [good]);
    const prompt = `DB_PASSWORD=hunter22 https://me:geheim1@host/ ${server.key} -----BEGIN PRIVATE KEY-----\nMII`;
    const { records } = await askFor(server.planningServer(), { call: { prompt } });
    const kept = JSON.stringify(records);
    for (const secret of ['hunter22', 'geheim1', server.key, 'MII']) expect(kept).not.toContain(secret);
    expect(records[0]?.prompt).toContain('DB_PASSWORD=[hidden] https://me:[hidden]@host/');
  });

  it('has no secret that a provider quotes in its refusal, nor has what is thrown (T05)', async () => {
    await using server = await ScriptedPlanner.start('openai-compatible', []);
    const words = `exceeds the available context size: ${server.key} DB_PASSWORD=hunter22`;
    server.moves.push({ status: 400, body: said(words) });
    const { error, records } = await askFor(server.planningServer());
    expect(error?.code).toBe('chat.context-overflow');
    const kept = JSON.stringify([records, error, error?.message, String(error?.cause)]);
    for (const secret of ['hunter22', server.key]) expect(kept).not.toContain(secret);
  });

  it('is told once, also when it cannot be kept', async () => {
    await using server = await ScriptedPlanner.start('openai-compatible', [good]);
    const run = await askFor(server.planningServer(), {
      remember: async () => await Promise.reject(new DeckhandError('host.disk-full', 'No room.')),
    });
    expect(run.error?.code).toBe('host.disk-full');
    expect(run.events.map(({ kind }) => kind)).toEqual(['model-asked', 'model-answered']);
  });

  it('is not taken for an answer where something was masked', async () => {
    const secret = { say: JSON.stringify({ ...GOOD, note: 'password=hunter22' }) };
    await using server = await ScriptedPlanner.start('openai-compatible', [secret]);
    const first = await askFor(server.planningServer());
    const again = await askFor(server.planningServer(), { steps: first.steps });
    expect([again.answer?.value.note, server.seen.length]).toEqual(['password=hunter22', 2]);
  });

  it('leaves what is no secret as it is', () => {
    const text = 'tokens: 1234, the token is read from /etc/x, bearer of news';
    expect(maskSecrets(text, ['abc'])).toBe(text);
  });
});

describe('an answer of nothing but line ends', () => {
  it('is seen to be no JSON, however long it is', () => {
    const fence = '```';
    const answer = `${fence}${'\n'.repeat(400_000)}`;
    expect(readAnswer(answer, planSchema, 'stop')).toEqual({ fits: false, fault: 'the answer is no JSON' });
    const fenced = `Here:\n${fence}json \n\n${JSON.stringify(GOOD)}\n${fence}\nDone.`;
    expect(readAnswer(fenced, planSchema, 'stop')).toEqual({ fits: true, value: GOOD });
  });
});

describe('a budget', () => {
  it('bounds money and calls, and the length of an answer by what is left', async () => {
    const money = new Spending({ tokens: 1000, money: 0.5, calls: 2 });
    money.begin();
    money.add(900, 0.6);
    expect(money.tokensLeft(400)).toBe(100);
    expect(() => money.begin()).toThrow(/0\.6000 of 0\.5 units of money \(agent\.budget\.money\)/);
    await using server = await ScriptedPlanner.start('openai-compatible', [{ status: 429 }]);
    const budget = { tokens: 0, money: 0, calls: 2 };
    const { error } = await askFor(server.planningServer(), { budget, clock: hastyClock() });
    expect([error?.code, server.seen.length]).toEqual(['planner.budget-exhausted', 2]);
  });
});
