import { describe, expect, it } from 'vitest';
import { sampleCheck, sampleAnswer, sampleState, sampleStep } from './sample-answer.ts';
import { MOST_STEPS, planFromAnswer } from './plan-from-answer.ts';

const place = { intent: 'make it so', hosts: ['web-1', 'web-2'], runbooks: [] };

describe('a model’s answer', () => {
  it('becomes a plan in typed states, marked as a model’s', () => {
    const plan = planFromAnswer(
      sampleAnswer([
        sampleStep('install', [sampleState({ kind: 'package', name: 'nginx' })], { hosts: ['web-1'] }),
        sampleStep(
          'mark',
          [sampleState({ kind: 'command', title: 'mark', command: 'touch /srv/x', creates: '/srv/x' })],
          {
            dependsOn: ['install'],
            undo: 'rm /srv/x',
            prerequisites: [sampleCheck('test -d /srv')],
          },
        ),
      ]),
      place,
    );
    expect(plan).toMatchObject({
      madeBy: 'model',
      steps: [
        {
          id: 'install',
          hosts: ['web-1'],
          madeBy: 'model',
          states: [{ kind: 'package', ensure: 'present' }],
        },
        {
          id: 'mark',
          undo: 'rm /srv/x',
          states: [{ kind: 'command', script: 'touch /srv/x', privilege: 'root' }],
        },
      ],
      postconditions: [{ script: 'test -e /srv/x' }],
    });
  });

  const command = (over: object) =>
    sampleState({ kind: 'command', title: 'x', command: 'touch /srv/x', ...over });
  const refused: readonly (readonly [string, ReturnType<typeof sampleAnswer>, string, RegExp])[] = [
    ['no steps', sampleAnswer([]), 'plan.empty', /no steps/],
    [
      'a thousand steps',
      sampleAnswer(
        Array.from({ length: 1000 }, (_, index) => sampleStep(`s${index}`, [command({ creates: '/x' })])),
      ),
      'plan.invalid',
      new RegExp(`1000 are too many; at most ${MOST_STEPS}`),
    ],
    [
      'a circle',
      sampleAnswer([
        sampleStep('a', [command({ creates: '/x' })], { dependsOn: ['b'] }),
        sampleStep('b', [command({ creates: '/x' })], { dependsOn: ['a'] }),
      ]),
      'plan.cyclic',
      /a → b → a/,
    ],
    [
      'an unknown host',
      sampleAnswer([sampleStep('a', [command({ creates: '/x' })], { hosts: ['db-9'] })]),
      'plan.invalid',
      /'db-9' is not one of web-1, web-2/,
    ],
    [
      'a host without a step',
      sampleAnswer([sampleStep('a', [command({ creates: '/x' })], { hosts: ['web-1'] })]),
      'plan.invalid',
      /none is for the host web-2/,
    ],
    [
      'a command without a check',
      sampleAnswer([sampleStep('a', [command({})])]),
      'plan.invalid',
      /needs `unless` or `creates`/,
    ],
    [
      'a NUL',
      sampleAnswer([sampleStep('a', [command({ command: 'touch /srv/\0', creates: '/x' })])]),
      'plan.invalid',
      /control characters/,
    ],
    [
      'a condition that changes something',
      sampleAnswer([sampleStep('a', [command({ unless: 'touch /tmp/y' })])]),
      'plan.invalid',
      /checks only look/,
    ],
    [
      'a check that asks somebody else',
      sampleAnswer([
        sampleStep('a', [command({ creates: '/x' })], {
          checks: [sampleCheck('curl -fsS http://203.0.113.9/ok')],
        }),
      ]),
      'plan.invalid',
      /not to the host itself/,
    ],
    [
      'nothing that proves it',
      { ...sampleAnswer([sampleStep('a', [command({ creates: '/x' })])]), done: [] },
      'plan.invalid',
      /done: it is empty/,
    ],
    ['an unknown runbook', { ...sampleAnswer([]), runbook: 'no-such' }, 'runbook.unknown', /no-such/],
    [
      'a path upwards',
      sampleAnswer([
        sampleStep('a', [sampleState({ kind: 'file', path: '/srv/../etc/passwd', content: '' })]),
      ]),
      'plan.invalid',
      /no "\.\." in a path/,
    ],
  ];
  it.each(refused)('with %s is refused, and says why', (_, answer, code, message) => {
    expect(() => planFromAnswer(answer, place)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
