import { describe, expect, it } from 'vitest';
import { judgeCommand } from './judge.ts';
import { lastingRuleFault, lastingRuleName, lastingRules } from './lasting-rule.ts';

const offered = (command: string): readonly string[] =>
  lastingRules(judgeCommand(command)).map(rule => `${rule.upTo}: ${rule.command}`);

describe('rules that are offered', () => {
  it.each([
    ['systemctl restart nginx', ['change: systemctl restart nginx']],
    ['sudo apt-get update', ['change: apt-get update']],
    [
      'uptime; systemctl restart nginx && ./deploy.sh',
      ['change: systemctl restart nginx', 'unknown: ./deploy.sh'],
    ],
    // it only looks: nothing to allow
    ['uptime', []],
    // destroys, or risks what has a name
    ['rm -r /srv/old', []],
    ['systemctl restart nginx; reboot', []],
    ['systemctl stop ssh', []],
    ['dpkg -i /tmp/x.deb', []],
    ['terraform destroy -auto-approve', []],
    // words that no pattern can say
    ['systemctl restart $unit', []],
    ["touch 'a b'", []],
    ["touch '*'", []],
    ['touch ...', []],
    ['touch "', []],
  ])('%s', (command, rules) => {
    expect(offered(command)).toEqual(rules);
  });
});

it.each([
  ['systemctl restart *', 'change', null],
  ['systemctl ...', 'change', null],
  ['./deploy.sh', 'unknown', null],
  ['* restart nginx', 'change', 'must name a program'],
  ['...', 'change', 'must name a program'],
  ['s*', 'change', 'must name a program'],
  ['./deploy.sh *', 'unknown', 'word for word'],
  ['./deploy.sh ...', 'unknown', 'word for word'],
] as const)('%s up to %s', (command, upTo, fault) => {
  const found = lastingRuleFault({ command, upTo, example: command });
  if (fault === null) expect(found).toBeNull();
  else expect(found).toContain(fault);
});

it('names are of the form that rules have, and never twice the same', () => {
  expect(lastingRuleName('systemctl restart *', new Set())).toBe('always-systemctl-restart');
  expect(lastingRuleName('./a.sh', new Set(['always-a-sh', 'always-a-sh-2']))).toBe('always-a-sh-3');
  expect(lastingRuleName(`x ${'-y'.repeat(200)}`, new Set()).length).toBeLessThanOrEqual(64);
});
