import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import { judgeCommand } from './judge.ts';
import { reasonSentence } from './reason-sentence.ts';

test.each([
  ['useradd ada', 'it runs useradd ada'],
  ['rm -r /srv/old', 'it removes /srv/old'],
  ['nc -l 80', 'nc connects to another machine'],
  ['apt-get -o A=b update', 'it runs apt-get -o'],
  ['systemctl restart nginx', 'it runs systemctl restart nginx'],
  ['systemctl stop ssh', 'systemctl stop ssh closes the way in'],
  ['./deploy.sh', "./deploy.sh is not in a folder of the system's programs"],
  ['df -h', 'it only looks'],
])('%s: %s', (command, why) => {
  expect(decide(judgeCommand(command), 'ask', ['web-1'], { rules: [] }).why).toBe(why);
});

test('a part of a sentence that is no verb becomes one', () => {
  expect(reasonSentence('a query that removes data')).toBe('it has a query that removes data');
  expect(reasonSentence('an interactive shell')).toBe('it has an interactive shell');
  expect(reasonSentence('may show a secret: reads /etc/shadow')).toBe(
    'it may show a secret: reads /etc/shadow',
  );
});

test('no reason of the sets is a verb without a subject, or a subject twice', () => {
  const sets = ['adversarial', 'benign', 'everyday', 'disguised', 'disguised-again'];
  const lines = sets.flatMap(name =>
    readFileSync(new URL(`testdata/commands-${name}.jsonl`, import.meta.url), 'utf8')
      .trim()
      .split('\n'),
  );
  const sentences = lines.flatMap(line =>
    judgeCommand((JSON.parse(line) as { command: string }).command).reasons.map(({ text }) => text),
  );
  // a word like `removes` behind `it runs` would be one that the list of verbs lacks
  const odd = sentences
    .map(reasonSentence)
    .filter(text => /^it runs (?!redis|xargs|scripts)[a-z]+[^s\W]s( |$)/.test(text));
  expect([...new Set(odd)]).toEqual([]);
});
