import { describe, expect, it } from 'vitest';
import { attachEngine } from '../../src/engines/attach.ts';
import { engineHttp } from '../../src/engines/engine-http.ts';
import type { AskEngine, EngineAbilities } from '../../src/engines/engine.ts';
import { generate } from '../../src/engines/generate.ts';
import type { Dial } from '../../src/models/http-exchange.ts';

/** A server that runs and has loaded its model. */
export interface RunningEngine extends AsyncDisposable {
  readonly dial: Dial;
  readonly key: string | undefined;
  readonly model: string;
}

/** What every kind of model server must look like through its adapter, the real ones and the pretended. */
export function engineConformance(
  name: string,
  expected: { readonly engine: string } & Partial<EngineAbilities> & Pick<EngineAbilities, 'resume'>,
  open: () => Promise<RunningEngine>,
): void {
  describe(`the adapter for ${name}`, () => {
    const asking = (engine: RunningEngine, key = engine.key): AskEngine => ({
      http: engineHttp(engine.dial),
      key,
      signal: AbortSignal.timeout(300_000),
    });

    it('recognises it, and says what it serves and can do', async () => {
      await using engine = await open();
      const found = await attachEngine(asking(engine));
      expect(found.engine).toBe(expected.engine);
      expect(found.readiness).toBe('ready');
      expect(found.models).toContain(engine.model);
      const { engine: _engine, ...abilities } = expected;
      expect(found.abilities).toMatchObject({ cancel: true, ...abilities });
    });

    it('gets an answer of its model', async () => {
      await using engine = await open();
      const { adapter } = await attachEngine(asking(engine));
      const chat = { model: engine.model, tokens: 8 };
      const { text } = await generate(asking(engine), adapter.endpoints.chat, chat);
      expect(text).toMatch(/^Ahoy/);
    });

    it('says typed that the key is wrong, where there is one', async () => {
      await using engine = await open();
      if (engine.key === undefined) return;
      const { adapter } = await attachEngine(asking(engine));
      const wrong = asking(engine, 'wrong');
      await expect(adapter.models(wrong)).rejects.toMatchObject({ code: 'engine.key-rejected' });
      await expect(
        generate(wrong, adapter.endpoints.chat, { model: engine.model, tokens: 1 }),
      ).rejects.toMatchObject({ code: 'engine.key-rejected' });
    });

    it('stops waiting when it is told to', async () => {
      await using engine = await open();
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(attachEngine({ ...asking(engine), signal })).rejects.toThrow();
    });
  });
}
