import { describe, expect, it } from 'vitest';
import { FakeEngine } from '../../test/engines/fake-engine.ts';
import { systemClock } from '../core/clock.ts';
import { llamaCpp } from './adapters/llama-cpp.ts';
import type { AskEngine } from './engine.ts';
import { allWithin, engineHttp, within } from './engine-http.ts';
import { triedEndpoints } from './tried-endpoints.ts';

const signal = AbortSignal.timeout(60_000);
const asking = (engine: FakeEngine): AskEngine => ({ http: engineHttp(engine.dial), key: undefined, signal });

describe('a model server that accepts connections and says nothing', () => {
  it('is down after the time that it has, whatever is asked', async () => {
    await using engine = await FakeEngine.start({ fault: 'silent' });
    const ask = within(asking(engine), 20);
    for (const work of [llamaCpp.readiness(ask), llamaCpp.busy(ask), llamaCpp.models(ask)])
      await expect(work).rejects.toMatchObject({ code: 'engine.down' });
    engine.behaviour.fault = 'none';
    expect(await llamaCpp.models(within(asking(engine), 60_000))).toEqual(['tiny']);
  });

  it('ends with the signal of whoever asks all the same', async () => {
    await using engine = await FakeEngine.start({ fault: 'silent' });
    const stop = new AbortController();
    const asked = llamaCpp.readiness(within({ ...asking(engine), signal: stop.signal }, 60_000));
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });

  it('has endpoints that do not answer, all asked at once within one limit, and is not asked to chat', async () => {
    await using engine = await FakeEngine.start({ fault: 'silent' });
    const ask = asking(engine);
    const tried = await triedEndpoints({
      ask,
      look: allWithin(ask, 3_000),
      adapter: llamaCpp,
      model: 'tiny',
      clock: systemClock,
    });
    const error = { code: 'engine.down', message: 'It did not answer within 3 seconds.' };
    expect(tried).toMatchObject([
      { path: '/health', status: null, error },
      { path: '/v1/models', status: null, error },
      { path: '/metrics', status: null, error },
      { path: '/v1/chat/completions', status: null, notAsked: 'nothing answers' },
    ]);
    // one after the other they would have been there one at a time
    expect(engine.mostAtOnce).toBeGreaterThanOrEqual(3);
  });

  it('may be silent in part: what it said counts, what it owes has a reason', async () => {
    await using engine = await FakeEngine.start({ silentPaths: ['/v1/models', '/props'] });
    const ask = asking(engine);
    const look = allWithin(ask, 300);
    await expect(llamaCpp.readiness(look)).rejects.toMatchObject({ code: 'engine.down' });
    // the time is over for whatever is asked later
    await expect(llamaCpp.busy(look)).rejects.toMatchObject({ code: 'engine.down' });
    const tried = await triedEndpoints({
      ask,
      look: allWithin(ask, 2_000),
      adapter: llamaCpp,
      model: null,
      clock: systemClock,
    });
    expect(tried.map(({ path, status, error }) => [path, status, error?.code])).toEqual([
      ['/health', 200, undefined],
      ['/v1/models', null, 'engine.down'],
      ['/metrics', 404, undefined],
      ['/v1/chat/completions', null, undefined],
    ]);
  });
});
