import { expect, it } from 'vitest';
import type { PlanPreview } from 'deckhand/client';
import { askedOf } from './asked-of.ts';

const command = (text: string): object => ({ stepId: 'a', text, decision: 'ask' });
const preview = {
  hash: 'one',
  hosts: [{ host: 'web-1', pending: [] }],
  commands: [command('rm -r /srv/one')],
} as unknown as PlanPreview;
const about = {
  hosts: ['web-2'],
  commands: [command('rm -r /srv/two')],
  doubts: ['late'],
  difference: ['+ two'],
};

it('shows the plan where it is the one that is asked about', () => {
  expect(askedOf({ hash: 'one', about }, preview)).toMatchObject({
    commands: [{ text: 'rm -r /srv/one' }],
    hosts: ['web-1'],
    doubts: [],
  });
});

it('a plan of which the events have not come yet is not covered up by the one before', () => {
  const asked = {
    commands: [{ text: 'rm -r /srv/two' }],
    hosts: ['web-2'],
    doubts: ['late'],
    difference: ['+ two'],
  };
  expect(askedOf({ hash: 'two', about }, preview)).toMatchObject(asked);
  expect(askedOf({ hash: 'two', about }, null)).toMatchObject(asked);
});
