import { expect, test } from 'vitest';
import type { Clock } from '../core/clock.ts';
import type { CommandRequest, CommandRun } from '../core/command-run.ts';
import { planSchema } from '../core/plan.ts';
import { type Before, compareAfter } from './keep-before.ts';
import { RunJournal } from './run-journal.ts';

const [step] = planSchema.parse({
  intent: '',
  goal: 'x',
  steps: [{ id: 's', title: 'x', states: [{ kind: 'file', path: '/srv/large' }] }],
}).steps;
const before: Before = {
  wish: {
    kept: 'run/s',
    privilege: 'root',
    subjects: [{ of: 'path', name: '/srv/large' }],
    packages: false,
  },
  subjects: [{ number: 0, of: 'path', name: '/srv/large', was: 'absent, in /srv', held: true }],
  health: ['unit a.service active'],
  fault: null,
};

/** A host whose unit is back at look `back`; gives the scripts it was asked. */
async function compared(back: number) {
  const scripts: string[] = [];
  let slept = 0;
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: async () => await Promise.resolve(void (slept += 1)),
  };
  const run = async ({ script }: CommandRequest): Promise<CommandRun> => {
    scripts.push(script);
    const [, marker = ''] = /echo '(\S+) end'/.exec(script) ?? [];
    const lines = [
      ...(script.includes('see 0 path') ? ['SUBJECT 0 - file large'] : []),
      ...(scripts.length >= back ? ['health unit a.service active'] : []),
      'end',
    ];
    const stdout = new TextEncoder().encode(lines.map(line => `${marker} ${line}\n`).join(''));
    return await Promise.resolve({
      script,
      verdict: 'succeeded',
      stdout,
      stderr: new Uint8Array(),
    } as CommandRun);
  };
  const port = { host: 'a', run, journal: new RunJournal(), clock };
  const keep = { run: 'run', tryLogin: async () => await Promise.resolve() };
  const found = await compareAfter(port, keep, step!, before, new AbortController().signal);
  return { found, slept, subjects: scripts.map(script => script.includes('see 0 path')) };
}

test('a unit that is gone for a moment is looked for alone; what the step left is read once more when it is back', async () => {
  const { found, slept, subjects } = await compared(3);
  expect([slept, subjects]).toEqual([2, [true, false, false, true]]);
  expect(found).toMatchObject({ undo: { subjects: [{ name: '/srv/large', left: 'file large' }] } });
  expect(found.regressions).toBeUndefined();
});

test('where nothing is lost there is one look, where it stays lost it is told', async () => {
  expect((await compared(1)).subjects).toEqual([true]);
  const { found, slept } = await compared(100);
  expect([slept, found.regressions]).toEqual([4, ['a.service ran before and does not run now']]);
});
