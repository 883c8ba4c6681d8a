import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeEngine } from '../../test/engines/fake-engine.ts';
import { connectParams } from '../core/attached-model.ts';
import { systemClock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { connectModel, inspectAttached } from './connect-model.ts';

const signal = AbortSignal.timeout(60_000);
const clock = systemClock;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connect-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** A host on which engines listen at these ports, and nothing at others. */
function siteWith(engines: Readonly<Record<number, FakeEngine>>) {
  return {
    name: 'web-1',
    dial: async (endpoint: Endpoint, dialSignal: AbortSignal) => {
      const engine = 'port' in endpoint ? engines[endpoint.port] : undefined;
      if (!engine) throw new DeckhandError('tunnel.target-refused', 'Nothing listens there.');
      return await engine.dial(dialSignal);
    },
  };
}

const at = (...ports: readonly number[]) => ports.map(port => ({ host: '127.0.0.1', port }));

describe('a model server that somebody else runs', () => {
  it('is found at the first place that answers, and named after its kind', async () => {
    await using engine = await FakeEngine.start({ kind: 'ollama', models: ['qwen2.5:7b'] });
    await using other = await FakeEngine.start({ kind: 'something else' });
    const params = connectParams.parse({ listen: at(1, 2, 3) });
    const site = siteWith({ 2: other, 3: engine });
    const attached = await connectModel({ site, params, clock, signal });
    expect(attached).toMatchObject({
      kind: 'attached',
      host: 'web-1',
      name: 'ollama',
      engine: 'ollama',
      listen: { host: '127.0.0.1', port: 3 },
      keyFile: null,
      readiness: 'ready',
      models: ['qwen2.5:7b'],
    });
    const status = await inspectAttached({ site, attached, clock, signal });
    expect(status).toMatchObject({ readiness: 'ready', problem: null, models: ['qwen2.5:7b'] });
    expect(status.endpoints.map(({ path, status: answered }) => [path, answered])).toEqual([
      ['/api/version', 200],
      ['/api/tags', 200],
      ['/v1/chat/completions', 200],
    ]);
  });

  it('is well, and said to serve nothing where its list is empty', async () => {
    await using engine = await FakeEngine.start({ models: [] });
    const params = connectParams.parse({ listen: at(3) });
    const site = siteWith({ 3: engine });
    const attached = await connectModel({ site, params, clock, signal });
    const look = async () => await inspectAttached({ site, attached, clock, signal });
    expect(await look()).toMatchObject({
      readiness: 'ready',
      problem: { code: 'engine.no-model', message: 'web-1/llama.cpp answers, and serves no model.' },
      endpoints: expect.arrayContaining([
        { path: '/v1/chat/completions', status: null, latency: 0, notAsked: 'it names no model' },
      ]) as object[],
    });
    engine.behaviour.models = ['tiny'];
    expect(await look()).toMatchObject({ problem: null });
  });

  it('that sleeps is left asleep by whoever only looks', async () => {
    await using engine = await FakeEngine.start({ sleeping: true });
    const params = connectParams.parse({ listen: at(3) });
    const site = siteWith({ 3: engine });
    const attached = await connectModel({ site, params, clock, signal });
    const status = await inspectAttached({ site, attached, clock, signal });
    expect(status).toMatchObject({ readiness: 'sleeping', problem: null, models: ['tiny'] });
    expect(status.endpoints.at(-1)).toMatchObject({ path: '/v1/chat/completions', notAsked: 'it sleeps' });
    // what makes the real one load its model again
    expect(engine.asked.filter(each => /slots|chat/.test(each))).toEqual([]);
  });

  it('is not there: each place is named', async () => {
    const params = connectParams.parse({ listen: at(1, 2) });
    const error = connectModel({ site: siteWith({}), params, clock, signal });
    await expect(error).rejects.toMatchObject({
      code: 'engine.down',
      message:
        'web-1: no model server answers at 127.0.0.1:1 (Nothing listens there), 127.0.0.1:2 (Nothing listens there).',
    });
  });

  it('takes its key from a file, each time anew, and the key is in no error', async () => {
    await using engine = await FakeEngine.start({ key: 'sesame-4711' });
    const site = siteWith({ 1: engine });
    const keyFile = join(folder, 'key');
    const params = connectParams.parse({ name: 'mine', listen: at(1), keyFile });
    await expect(connectModel({ site, params, clock, signal })).rejects.toMatchObject({
      code: 'local.file-missing',
    });
    await writeFile(keyFile, 'sesame-4711 and more');
    const refused = await connectModel({ site, params, clock, signal }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'input.invalid' });
    expect(JSON.stringify((refused as DeckhandError).toJSON())).not.toContain('sesame');
    await writeFile(keyFile, 'wrong');
    await expect(connectModel({ site, params, clock, signal })).rejects.toMatchObject({
      code: 'engine.key-rejected',
    });
    await writeFile(keyFile, 'sesame-4711\n');
    const attached = await connectModel({ site, params, clock, signal });
    expect(JSON.stringify(attached)).not.toContain('sesame');
    engine.behaviour.key = 'another';
    expect(await inspectAttached({ site, attached, clock, signal })).toMatchObject({
      readiness: 'key rejected',
      problem: { code: 'engine.key-rejected' },
    });
    await writeFile(keyFile, 'another\n');
    expect(await inspectAttached({ site, attached, clock, signal })).toMatchObject({ readiness: 'ready' });
  });

  it('is down later: said as a state, not thrown', async () => {
    await using engine = await FakeEngine.start({ kind: 'vllm' });
    const params = connectParams.parse({ listen: at(1) });
    const attached = await connectModel({ site: siteWith({ 1: engine }), params, clock, signal });
    expect(attached.name).toBe('vllm');
    expect(await inspectAttached({ site: siteWith({}), attached, clock, signal })).toMatchObject({
      readiness: 'down',
      models: [],
      endpoints: [],
    });
  });
});
