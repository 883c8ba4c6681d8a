import { expect, it } from 'vitest';
import { fakeDoor, sampleCaller } from '../web/fake-door.ts';
import { buildHttpApp } from './app.ts';
import { FakeTaskApi } from './fake-task-api.ts';

it('a file that is being fetched ends with the session that fetches it', async () => {
  const signedOut = new AbortController();
  let told: AbortSignal | undefined;
  const { api } = new FakeTaskApi({
    async *fetched(_id, { signal }) {
      told = signal;
      while (!signal.aborted) yield await Promise.resolve(new Uint8Array(1024));
    },
  });
  const caller = { ...sampleCaller('admin'), ended: signedOut.signal };
  const app = buildHttpApp({ api, version: '1.2.3', door: fakeDoor({ sesame: caller }) });
  const answer = await app.request('/v1/fetched/staged-1', {
    headers: { host: 'localhost', authorization: 'Bearer sesame' },
  });
  const reader = answer.body?.getReader();
  expect((await reader?.read())?.value?.length).toBe(1024);
  expect(told?.aborted).toBe(false);
  signedOut.abort();
  expect(told?.aborted).toBe(true);
  await reader?.cancel();
});
