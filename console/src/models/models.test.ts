import { describe, expect, it } from 'vitest';
import type { Deployment, ServedModelView, TaskEvent } from 'deckhand/client';
import { deploySteps, nameOfFile } from './deploy-steps.ts';
import { mayServeSoon, modelRows } from './model-rows.ts';

const event = (body: object): TaskEvent => body as TaskEvent;

describe('the steps of a deployment', () => {
  it('are seven from the start, and each says how far it is', () => {
    const steps = deploySteps([
      event({ kind: 'phase', phase: 'hashing the model' }),
      event({ kind: 'phase', phase: 'connect' }),
      event({ kind: 'note', text: 'connect: done in 12 ms: Debian\n13' }),
      event({ kind: 'note', text: 'directory: skipped in 1 ms: it was there' }),
      event({ kind: 'phase', phase: 'payload' }),
    ]);
    expect(steps.map(({ state }) => state)).toEqual([
      'done',
      'waits',
      'skipped',
      'runs',
      'waits',
      'waits',
      'waits',
    ]);
    expect(steps[0]?.text).toBe('12 ms: Debian\n13');
  });

  it('begin anew with a new attempt', () => {
    const steps = deploySteps([
      event({ kind: 'note', text: 'connect: done in 1 ms: ok' }),
      event({ kind: 'task-started', claim: 2, executor: 'one' }),
    ]);
    expect(steps.every(({ state }) => state === 'waits')).toBe(true);
  });

  it('a file gives a name that may be used', () => {
    expect(nameOfFile('/srv/models/Qwen2.5 7B (Q4).gguf')).toBe('qwen2.5-7b-q4-');
    expect(nameOfFile('--x.GGUF')).toBe('x');
    expect(nameOfFile('')).toBe('');
  });
});

describe('the cards', () => {
  it('tell of each server what it serves, and of no other', () => {
    const deployment = {
      host: 'gpu-1',
      name: 'tiny',
      version: '1',
      service: 'user',
      listen: { path: '/run/x' },
      model: { file: 'tiny.gguf', size: 5 },
    } as Deployment;
    const served = ['gpu-1/tiny', 'gpu-2/tiny'].map(server => ({ server }) as ServedModelView);
    const [row] = modelRows([deployment], [], served);
    expect(row).toMatchObject({ id: 'gpu-1/tiny', listen: '/run/x', served: [{ server: 'gpu-1/tiny' }] });
  });

  it('are asked again for as long as they do not serve: also one whose model is known by name', () => {
    const error = { code: 'engine.down' };
    const servedAs = (each: object) => ({ served: [each] as unknown as readonly ServedModelView[] });
    expect(mayServeSoon({ served: [] })).toBe(true);
    expect(mayServeSoon(servedAs({ model: null, error }))).toBe(true);
    expect(mayServeSoon(servedAs({ model: 'tiny', error }))).toBe(true);
    expect(mayServeSoon(servedAs({ model: 'tiny', error: null }))).toBe(false);
  });
});
