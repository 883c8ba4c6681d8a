import { expect, test } from 'vitest';
import { planSchema, type Step } from '../core/plan.ts';
import { besides, conflict, nextSteps, waitsFor } from './step-resources.ts';

function stepsOf(...steps: readonly object[]): readonly Step[] {
  const whole = steps.map((step, index) => ({ id: `s${index + 1}`, title: 'x', ...step }));
  return planSchema.parse({ intent: '', goal: 'x', steps: whole }).steps;
}
const state = (one: object, over: object = {}): object => ({ states: [one], ...over });
const command = (script: string, effects: readonly string[] = [], creates = '/x/done'): object =>
  state({ kind: 'command', title: 'x', script, creates, effects });
const file = (path: string, owner = 'root'): object => state({ kind: 'file', path, owner });
const pack = (name: string): object => state({ kind: 'package', name });

test.each([
  ['two files', file('/srv/a'), file('/srv/b'), false],
  ['the same file', file('/srv/a'), file('/srv/a'), true],
  ['a folder and what is in it', state({ kind: 'directory', path: '/srv' }), file('/srv/a'), true],
  ['a file and its owner', file('/srv/a', 'ada'), state({ kind: 'user', name: 'ada' }), true],
  ['two accounts', state({ kind: 'user', name: 'ada' }), state({ kind: 'user', name: 'bob' }), true],
  [
    'a file and what is reloaded for it',
    file('/e/a'),
    state({ kind: 'service', name: 'n', reloadAfter: ['/e/a'] }),
    true,
  ],
  [
    'one unit by two names',
    state({ kind: 'service', name: 'n' }),
    state({ kind: 'service', name: 'n.service' }),
    true,
  ],
  ['two packages', pack('a'), pack('b'), true],
  ['a package and a file', pack('a'), file('/srv/a'), true],
  [
    'commands that are understood',
    command('touch /srv/a', [], '/srv/a'),
    command('touch /srv/b', [], '/srv/b'),
    false,
  ],
  [
    'one that reads what the other writes',
    command('touch /srv/a', [], '/srv/a'),
    command('cat /srv/a >/srv/b', [], '/srv/b'),
    true,
  ],
  ['one that is not understood', command('./deploy.sh', [], '/srv/a'), file('/srv/b'), true],
  ['one that uses apt', command('apt-get update', [], '/srv/a'), file('/srv/b'), true],
  [
    'two downloads',
    command('curl -o /srv/a http://x/a', [], '/srv/a'),
    command('curl -o /srv/b http://x/b', [], '/srv/b'),
    false,
  ],
  ['what is about the way in', file('/etc/ssh/sshd_config'), file('/srv/b'), true],
])('%s in each other’s way: %s', (_, one, other, expected) => {
  const [first, second] = stepsOf(one, other) as [Step, Step];
  expect(conflict(first, second)).toBe(expected);
});

const underway = (over: Partial<Parameters<typeof nextSteps>[1]> = {}) => ({
  ended: new Set<string>(),
  running: new Set<string>(),
  limit: 4,
  free: true,
  ...over,
});
const ids = (steps: readonly Step[]): readonly string[] => steps.map(({ id }) => id);

test('what is independent begins together, what depends or touches the same waits in its order', () => {
  const steps = stepsOf(file('/srv/a'), file('/srv/b'), file('/srv/a'), {
    ...file('/srv/c'),
    dependsOn: ['s2'],
  });
  expect(ids(nextSteps(steps, underway()))).toEqual(['s1', 's2']);
  expect(ids(nextSteps(steps, underway({ ended: new Set(['s2']), running: new Set(['s1']) })))).toEqual([
    's4',
  ]);
  expect(ids(nextSteps(steps, underway({ ended: new Set(['s1', 's2']) })))).toEqual(['s3', 's4']);
});

test('apt never runs beside anything, and nothing overtakes it', () => {
  const steps = stepsOf(file('/srv/a'), pack('a'), file('/srv/b'));
  expect(ids(nextSteps(steps, underway()))).toEqual(['s1']);
  expect(nextSteps(steps, underway({ running: new Set(['s1']) }))).toEqual([]);
  expect(ids(nextSteps(steps, underway({ ended: new Set(['s1']) })))).toEqual(['s2']);
  expect(nextSteps(steps, underway({ ended: new Set(['s1']), running: new Set(['s2']) }))).toEqual([]);
});

test('the limit holds, and the higher priority goes first', () => {
  const steps = stepsOf(file('/srv/a'), { ...file('/srv/b'), priority: 90 }, file('/srv/c'));
  expect(ids(nextSteps(steps, underway({ limit: 2 })))).toEqual(['s2', 's1']);
  expect(nextSteps(steps, underway({ limit: 1, running: new Set(['s2']) }))).toEqual([]);
});

test('a plan that says nothing of dependencies keeps its order, one by one', () => {
  const steps = stepsOf(file('/srv/a'), { ...file('/srv/b'), priority: 90 });
  expect(ids(nextSteps(steps, underway({ free: false })))).toEqual(['s1']);
  expect(nextSteps(steps, underway({ free: false, running: new Set(['s1']) }))).toEqual([]);
});

test('what may stand beside a step is known at once, however many ways lead through the plan', () => {
  const many = Array.from({ length: 60 }, (_, index) => ({
    ...file(`/srv/${index}`),
    dependsOn: Array.from({ length: Math.min(index, 59) }, (_none, earlier) => `s${earlier + 1}`),
  }));
  const steps = [...stepsOf(...many.slice(0, 59), file('/srv/last'))];
  const earlier = waitsFor({ steps });
  expect(steps.map(step => besides({ steps }, step, earlier))).toEqual([
    ...many.slice(0, 59).map(() => ['s60']),
    ids(steps.slice(0, 59)),
  ]);
});
