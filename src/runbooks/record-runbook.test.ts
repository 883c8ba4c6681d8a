import { expect, test } from 'vitest';
import { planSchema } from '../core/plan.ts';
import type { RunReport } from '../core/run-report.ts';
import { fillRunbook } from './fill-runbook.ts';
import { matchRequest } from './match-request.ts';
import { placeValue } from './place-values.ts';
import { recordRunbook } from './record-runbook.ts';
import { parseRunbook } from './runbook.ts';

const INTENT = 'keep a greeting "hello there" for port 8080 in /etc/greeting';

function reportOf(changes: object = {}, outcome: RunReport['outcome'] = 'proved'): RunReport {
  const plan = planSchema.parse({
    intent: INTENT,
    goal: 'The greeting for port 8080 is kept',
    steps: [
      {
        id: 'greeting',
        title: 'The greeting is there',
        states: [
          { kind: 'file', path: '/etc/greeting', content: 'hello there on 8080, not 18080\n', mode: '0644' },
          {
            kind: 'command',
            title: 'tell the port 8080',
            script: 'port=\'8080\'\necho "port: 8080" 8080 >/run/told',
            unless: 'grep -q 8080 /run/told',
          },
        ],
      },
    ],
    postconditions: [
      { title: '/etc/greeting says hello there', script: "grep -qF 'hello there' /etc/greeting" },
    ],
    ...changes,
  });
  return {
    version: 1,
    id: 'task-1',
    intent: plan.intent,
    goal: plan.goal,
    plan,
    startedAt: '2026-01-01T00:00:00.000Z',
    duration: 1,
    outcome,
    hosts: [],
  };
}

test('a run becomes a runbook that loads, matches its own request and others like it', () => {
  const { source, name, parameters } = recordRunbook(reportOf());
  expect(parameters.map(({ name: key, type, value }) => [key, type, value])).toEqual([
    ['path', 'path', '/etc/greeting'],
    ['text', 'text', 'hello there'],
    ['port', 'port', '8080'],
  ]);
  const runbook = parseRunbook(source, 'x.yaml');
  expect(runbook.name).toBe(name);
  const match = matchRequest('keep a greeting "good bye" for port 9090 in /etc/farewell', [runbook]);
  expect(match).toMatchObject({
    kind: 'confident',
    missing: [],
    parameters: { text: 'good bye', port: 9090, path: '/etc/farewell' },
  });
  expect(
    matchRequest('remove a greeting "good bye" for port 9090 in /etc/farewell', [runbook]).kind,
  ).not.toBe('confident');
});

test('filled with the recorded values it is the plan that was proved; with others, another', () => {
  const { source, parameters } = recordRunbook(reportOf());
  const runbook = parseRunbook(source, 'x.yaml');
  const values = Object.fromEntries(parameters.map(({ name, value }) => [name, value]));
  const plan = fillRunbook(runbook, values, INTENT);
  const recorded = reportOf().plan;
  expect(plan.steps[0]!.states[0]).toEqual(recorded.steps[0]!.states[0]);
  const other = JSON.stringify(fillRunbook(runbook, { path: '/etc/x', text: "it's", port: 9 }, INTENT).steps);
  expect(other).toContain("it's on 9, not 18080");
  expect(other).not.toMatch(/hello there|\b8080/);
});

test.each([
  ['echo 8080', 'echo {{port}}'],
  ["port='8080'", 'port={{port}}'],
  ['echo "at 8080."', 'given_port={{port}}\necho "at ${given_port}."'],
  ['echo 18080 8080x', 'echo 18080 8080x'],
  ["awk '{ print 8080 }'", null],
  ['true # 8080', null],
  ['cat <<E\n8080\nE', null],
])('in a script: %j', (script, wanted) => {
  const placed = placeValue({ script }, { name: 'port', value: '8080' });
  expect(placed).toEqual(wanted === null ? null : { script: wanted });
});

test('a value that cannot be placed everywhere stays what it was', () => {
  const report = reportOf({ postconditions: [{ title: 'x', script: "awk '{ print 8080 }' /etc/greeting" }] });
  expect(recordRunbook(report).parameters.map(({ name }) => name)).toEqual(['path', 'text']);
});

test('what proved nothing is not recorded', () => {
  expect(() => recordRunbook(reportOf({}, 'failed'))).toThrow(/ended failed/);
  expect(() => recordRunbook(reportOf({ postconditions: [] }))).toThrow(/no post-conditions/);
});
