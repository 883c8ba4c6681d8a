import { expect, test } from 'vitest';
import { type CommandApproval, meaningHash, useApproval } from './approval.ts';
import { decide, POLICY_MODES, type PolicyMode, type RuleBook } from './decide.ts';
import { judgeCommand } from './judge.ts';
import { readRules } from './rule-schema.ts';

const NONE: RuleBook = { rules: [] };
const decisionOf = (command: string, mode: PolicyMode, book: RuleBook = NONE, host = 'web-1'): string =>
  decide(judgeCommand(command), mode, [host], book).decision;
const rules = (text: string): RuleBook => ({ rules: readRules(text, 'policy.yaml') });

test.each([
  ['df -h', 'run', 'run', 'run', 'refuse'],
  ['systemctl restart nginx', 'refuse', 'ask', 'run', 'refuse'],
  ['rm -r /srv/old', 'refuse', 'ask', 'ask', 'refuse'],
  ['./worker', 'refuse', 'ask', 'ask', 'refuse'],
  ['rm -rf /etc', 'refuse', 'refuse', 'refuse', 'refuse'],
  ["echo 'x", 'refuse', 'ask', 'ask', 'refuse'],
  ['', 'run', 'run', 'run', 'refuse'],
])('%s', (command, ...expected) => {
  expect(POLICY_MODES.map(mode => decisionOf(command, mode))).toEqual(expected);
});

const BOOK = `
rules:
  - name: no-restart-of-db
    decision: deny
    command: systemctl restart postgres*
    why: databases are restarted by their owners
    match: [systemctl restart postgresql, sudo systemctl restart postgresql]
    not-match: [systemctl status postgresql]
  - name: restart-app
    decision: allow
    command: systemctl restart app-*
    hosts: [web-*]
    why: apps may be restarted
    match: [systemctl restart app-1]
  - name: clean-cache
    decision: allow
    command: rm -r /srv/cache/*
    upTo: destructive
    risks: [data-loss]
    why: the cache can be made again
    match: [rm -r /srv/cache/x]
  - name: ask-reboot
    decision: ask
    risk: reboot
    why: somebody must watch
    match: [reboot]
`;

test.each([
  ['systemctl restart postgresql', 'auto', 'refuse'],
  ['true; sudo sh -c "systemctl restart postgresql"', 'auto', 'refuse'],
  ['systemctl restart app-1', 'allow-list', 'run'],
  ['systemctl restart app-1 && df -h', 'allow-list', 'refuse'],
  ['systemctl restart app-1; rm -rf /srv', 'allow-list', 'refuse'],
  ['systemctl restart app-1 $(reboot)', 'ask', 'ask'],
  ['rm -r /srv/cache/x', 'ask', 'run'],
  ['rm -r /srv/cache/x > /etc/motd', 'ask', 'ask'],
  ['rm -r /srv/cache/../../etc', 'ask', 'refuse'],
  ['reboot', 'auto', 'ask'],
] as const)('with rules, %s in %s: %s', (command, mode, expected) => {
  expect(decisionOf(command, mode, rules(BOOK))).toBe(expected);
});

test('an allow holds on its hosts only', () => {
  expect(decisionOf('systemctl restart app-1', 'ask', rules(BOOK), 'db-1')).toBe('ask');
});

test('rules that cannot be read let nothing through', () => {
  expect(decisionOf('df -h', 'auto', { broken: 'policy.yaml:3: x' })).toBe('refuse');
});

test.each([
  [
    'an example that does not match',
    'rules:\n  - {name: a, decision: deny, command: rm, why: x, match: [ls]}',
    /does not match/,
  ],
  [
    'an example that must not match',
    'rules:\n  - {name: a, decision: deny, command: rm ..., why: x, match: [rm a], not-match: [rm b]}',
    /not-match/,
  ],
  ['no example', 'rules:\n  - {name: a, decision: deny, command: rm, why: x}', /example/],
  [
    'an unknown field',
    'rules:\n  - {name: a, decide: deny, command: rm, why: x, match: [rm]}',
    /decision|decide/,
  ],
  ['no YAML', 'rules: [', /policy.yaml:1/],
])('%s is a fault that names file and line', (_, text, message) => {
  expect(() => readRules(text, 'policy.yaml')).toThrow(message);
  expect(() => readRules(text, 'policy.yaml')).toThrow(
    expect.objectContaining({ code: 'policy.rules-invalid' }) as Error,
  );
});

const hashOf = (command: string, ...hosts: string[]): string =>
  meaningHash(hosts.length > 0 ? hosts : ['web-1'], command, judgeCommand(command));

test('an approval is for a meaning, not for a spelling', () => {
  const hash = hashOf('rm -r /srv/old');
  expect(hashOf(`r\\m  "-r" '/srv/old'`)).toBe(hash);
  expect(hashOf('rm -r /srv/older')).not.toBe(hash);
  expect(hashOf('rm -r /srv/old', 'web-2')).not.toBe(hash);
  expect(hashOf('rm -r /srv/old', 'web-1', 'web-2')).not.toBe(hash);
  expect(hashOf('rm -r /srv/old && true')).not.toBe(hash);
  expect(hashOf('web-1', 'a', 'b')).toBe(hashOf('web-1', 'b', 'a'));
});

test('an approval counts, ends, and names each risk', () => {
  const hash = hashOf('rm -r /srv/old');
  const approval: CommandApproval = { hash: hash.slice(0, 12), risks: ['data-loss'], uses: 1, expires: 1000 };
  const used = useApproval(approval, hash, ['data-loss'], 999);
  expect(used).toMatchObject({ covered: true, left: { uses: 0 } });
  expect(used.covered && useApproval(used.left, hash, ['data-loss'], 999).covered).toBe(false);
  expect(useApproval(approval, hash, ['data-loss'], 1000).covered).toBe(false);
  expect(useApproval(approval, hash, ['data-loss', 'lose-ssh'], 999)).toMatchObject({
    why: 'it does not name lose-ssh',
  });
  expect(useApproval(approval, hashOf('rm -r /srv/x'), ['data-loss'], 999).covered).toBe(false);
  expect(useApproval({ ...approval, hash: '' }, hash, ['data-loss'], 999).covered).toBe(false);
});
