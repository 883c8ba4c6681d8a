import { expect, it } from 'vitest';
import { orderSteps } from '../core/plan.ts';
import { parsePlanFile } from './plan-file.ts';

const state = { kind: 'command', title: 'touch', script: 'touch /srv/x', creates: '/srv/x' };
const step = (id: string, over: object = {}) => ({ id, title: id, states: [state], ...over });
const read = async (...steps: readonly object[]) =>
  await parsePlanFile(JSON.stringify({ goal: 'g', steps }), 'plan.yaml');
const many = Array.from({ length: 1000 }, (_, index) => step(`s${index}`));

it.each([
  ['a thousand steps', many, /plan\.yaml:1: steps: .*60/],
  [
    'a command with a zero byte',
    [step('a', { states: [{ ...state, script: 'touch /srv/x\0; rm -r /srv' }] })],
    /steps\.0\.states\.0\.script: it holds a zero byte/,
  ],
  [
    'a condition with one',
    [step('a', { states: [{ ...state, unless: 'true\0' }] })],
    /unless: it holds a zero byte/,
  ],
  [
    'a command that nothing can prove',
    [step('a', { states: [{ ...state, creates: undefined }] })],
    /`unless` or `creates`/,
  ],
])('a plan of a person with %s is refused, with its place', async (_, steps, message) => {
  await expect(read(...steps)).rejects.toMatchObject({
    code: 'plan.invalid',
    message: expect.stringMatching(message),
  });
});

it('a circle is told as the way around it; the bytes of a file may be any', async () => {
  const { plan } = await read(step('a', { dependsOn: ['b'] }), step('b', { dependsOn: ['a'] }));
  expect(() => orderSteps(plan ?? { steps: [] })).toThrow(
    expect.objectContaining({ code: 'plan.cyclic', message: expect.stringContaining('a → b → a') }),
  );
  const file = { kind: 'file', path: '/srv/x', content: 'a\0b' };
  expect((await read(step('a', { states: [file] }))).plan?.steps[0]?.states[0]).toMatchObject(file);
});
