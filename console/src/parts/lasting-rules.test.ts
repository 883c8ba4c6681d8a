import { describe, expect, it } from 'vitest';
import type { PolicyVerdict } from 'deckhand/client';
import { groupsOver, outcomeText, rulesOf, typedRules, whyNone } from './lasting-rules.ts';

const always = [
  { command: 'systemctl restart nginx', upTo: 'change', example: 'systemctl restart nginx' },
] as const;
function verdict(
  part: Partial<PolicyVerdict>,
  decision: Partial<PolicyVerdict['decisions'][number]> = {},
): PolicyVerdict {
  return {
    command: 'systemctl restart nginx',
    verdict: { class: 'change', risks: [], effects: [], reasons: [] },
    hash: 'ab',
    mode: 'ask',
    decisions: [
      { mode: 'read-only', decision: 'refuse', rule: null, why: 'it changes' },
      { mode: 'ask', decision: 'ask', rule: null, why: 'it changes', ...decision },
    ],
    always,
    ...part,
  };
}

it('what is saved is what was typed, and keeps the example that it must match', () => {
  const typed = typedRules(verdict({}), ['web-1', 'web-2']);
  expect(rulesOf(typed, verdict({}))).toMatchObject([{ ...always[0], hosts: ['web-1', 'web-2'] }]);
  expect(rulesOf({ commands: ['systemctl restart *'], hosts: 'web-*,  db', why: 'so' }, verdict({}))).toEqual(
    [{ ...always[0], command: 'systemctl restart *', hosts: ['web-*', 'db'], why: 'so' }],
  );
});

describe('why there is no rule to make', () => {
  it.each([
    [verdict({}), null],
    [verdict({ mode: 'off' }), null],
    [verdict({}, { rule: 'no-restart' }), 'the rule no-restart asks'],
    [
      verdict({
        always: [],
        verdict: { class: 'destructive', risks: ['data-loss'], effects: [], reasons: [] },
      }),
      'it risks data-loss',
    ],
    [
      verdict({ always: [], verdict: { class: 'unknown', risks: [], effects: [], reasons: [] } }),
      'its words',
    ],
  ])('%#', (given, text) => {
    if (text === null) expect(whyNone(given)).toBeNull();
    else expect(whyNone(given)).toContain(text);
  });
});

it('says what became of it, not what was hoped for', () => {
  expect(outcomeText(verdict({}, { decision: 'run', rule: 'always' }))).toBe('From now on it runs unasked.');
  expect(outcomeText(verdict({}))).toBe('It still asks: it changes.');
  expect(outcomeText(verdict({ mode: 'read-only' }))).toBe('It still is refused: it changes.');
});

it('only groups that all of the hosts are in, with all of their members', () => {
  const host = (name: string, ...groups: readonly string[]) => ({ name, source: '', groups, address: null });
  const known = [host('web-1', 'web', 'all'), host('web-2', 'web', 'all'), host('db', 'all')];
  expect([...groupsOver(['web-1'], known)]).toEqual([
    ['web', ['web-1', 'web-2']],
    ['all', ['web-1', 'web-2', 'db']],
  ]);
  expect([...groupsOver(['web-1', 'db'], known).keys()]).toEqual(['all']);
});
