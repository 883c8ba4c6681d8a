import { expect, it } from 'vitest';
import { FakeEngine } from '../../../test/engines/fake-engine.ts';
import { systemClock } from '../../core/clock.ts';
import { llamaCpp } from '../adapters/llama-cpp.ts';
import { engineHttp } from '../engine-http.ts';
import { lookedAt } from './inspect.ts';

const about = { adapter: llamaCpp, name: 'tiny', clock: systemClock };

it('calls a server loading whose models were asked for a moment before it was ready', async () => {
  await using fake = await FakeEngine.start({ earlyPaths: ['/v1/models'] });
  const ask = { http: engineHttp(fake.dial), key: undefined, signal: AbortSignal.timeout(5000) };
  expect(await lookedAt(ask, about)).toMatchObject({ readiness: 'loading', models: [], isEmpty: false });
  fake.behaviour.earlyPaths = [];
  expect(await lookedAt(ask, about)).toMatchObject({ readiness: 'ready', models: ['tiny'] });
});
