import { expect, test } from 'vitest';
import { ScriptedModel } from '../../test/fakes/scripted-model.ts';
import { planByModel } from './plan-by-model.ts';
import { sampleAnswer, sampleCheck, sampleState, sampleStep } from './sample-answer.ts';

const place = { intent: 'make it so', hosts: ['web-1', 'web-2'], runbooks: [] };
const outlined = sampleStep('build', [sampleState({ kind: 'command', title: 'build it' })], {
  hosts: ['web-2'],
  dependsOn: ['conf'],
  priority: 70,
  estimateSeconds: 90,
});
const conf = sampleStep('conf', [sampleState({ kind: 'file', path: '/srv/conf', content: 'x' })]);
const plan = sampleAnswer([conf, outlined]);

function detail(over: object = {}): object {
  const command = {
    kind: 'command',
    title: 'build it',
    command: 'make -C /srv',
    creates: '/srv/out',
  } as const;
  return {
    why: 'it must be built',
    timeoutSeconds: 900,
    prerequisites: [sampleCheck('test -e /srv/Makefile')],
    states: [sampleState({ ...command, effects: ['/srv/out'], expectedText: 'built*ok', ...over })],
    checks: [sampleCheck('test -s /srv/out')],
    undo: 'make -C /srv clean',
  };
}

async function planned(...says: readonly unknown[]) {
  const model = new ScriptedModel(says);
  const signal = new AbortController().signal;
  const call = { name: 'plan', prompt: 'Request: make it so\nFacts: debian' };
  const names: string[] = [];
  const made = planByModel(
    async ({ name, ...question }) => {
      names.push(name);
      return (await model.ask({ ...question, signal })).value;
    },
    call,
    place,
  );
  return { made: await made.catch((error: unknown) => error), calls: model.calls, names };
}

test('an outlined step is asked for by itself, with facts and plan, and keeps its place', async () => {
  const { made, calls } = await planned(plan, detail());
  expect(calls.map(({ role }) => role)).toEqual(['plan', 'detail']);
  expect(calls[1]?.prompt).toContain('Facts: debian');
  expect(calls[1]?.prompt).toContain('Write the step build');
  expect(made).toMatchObject({
    steps: [
      { id: 'conf' },
      {
        id: 'build',
        hosts: ['web-2'],
        dependsOn: ['conf'],
        priority: 70,
        estimate: 90,
        timeout: 900,
        undo: 'make -C /srv clean',
        prerequisites: [{ script: 'test -e /srv/Makefile' }],
        checks: [{ script: 'test -s /srv/out' }],
        states: [{ script: 'make -C /srv', expected: { exitCodes: [0], text: 'built*ok' } }],
      },
    ],
  });
});

test('a plan that has all its commands asks nothing more', async () => {
  const { calls } = await planned(sampleAnswer([conf]));
  expect(calls).toHaveLength(1);
});

test.each([
  ['a missing check', { creates: null }, /unless/],
  ['no command still', { command: ' ' }, /no text/],
  ['a check that does more than look', { creates: null, unless: 'rm -r /srv' }, /only look/],
])('%s goes back once with the fault named', async (_, over, fault) => {
  const { made, calls, names } = await planned(plan, detail(over), detail());
  expect(calls.map(({ role }) => role)).toEqual(['plan', 'detail', 'detail']);
  expect(calls[2]?.prompt).toMatch(fault);
  expect(made).toMatchObject({ steps: [{ id: 'conf' }, { id: 'build' }] });
  // each answer is kept under a name of its own
  expect(new Set(names).size).toBe(names.length);
});

test('twice the same, and the whole plan goes back once; then it is refused', async () => {
  const bad = detail({ creates: null });
  const { made, calls } = await planned(plan, bad, bad, plan, bad, bad);
  expect(calls.map(({ role }) => role)).toEqual(['plan', 'detail', 'detail', 'plan', 'detail', 'detail']);
  expect(made).toMatchObject({ code: 'plan.invalid' });
});

test('a plan that is faulty itself goes back before anything of it is detailed', async () => {
  const { calls } = await planned({ ...plan, done: [] }, sampleAnswer([conf]));
  expect(calls.map(({ role }) => role)).toEqual(['plan', 'plan']);
});
