import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { NewTask } from '../core/task.ts';
import { DEFAULTS, type SettingValues } from '../settings/schema.ts';
import { AuditLog, readAuditLog } from '../store/audit-log.ts';
import { passPolicy } from './policy-gate.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deckhand-gate-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const exec = (command: string, approval?: object): NewTask[] =>
  ['web-1', 'web-2'].map(
    host => ({ kind: 'ssh.execute', host, params: { command, approval } }) as unknown as NewTask,
  );
const plan = (script: string): NewTask[] => [
  {
    kind: 'agent.run',
    host: null,
    params: { hosts: ['web-1'], plan: { steps: [{ states: [{ kind: 'command', script }] }] } },
  } as unknown as NewTask,
];

async function gated(tasks: NewTask[], settings: Partial<SettingValues>): Promise<DeckhandError | null> {
  const gate = {
    settings: { ...DEFAULTS, ...settings },
    log: new AuditLog(folder),
    who: 'me',
    requestId: 'req-1',
    now: 1,
  };
  return await passPolicy(tasks, gate).then(
    () => null,
    (error: unknown) => error as DeckhandError,
  );
}
async function rules(text: string): Promise<string> {
  const file = join(folder, 'policy.yaml');
  await writeFile(file, text);
  return file;
}
const DENY = 'rules:\n  - {name: no-reboot, decision: deny, risk: reboot, why: it serves, match: [reboot]}\n';

test('what a person types runs by default, whatever it is', async () => {
  expect(await gated(exec('rm -rf /srv; reboot'), {})).toBeNull();
  expect(await readAuditLog(folder)).toEqual([]);
});

test('a deny holds in every mode, and is in the log with actor, hosts, command and rule', async () => {
  const file = await rules(DENY);
  const given = { hash: 'a'.repeat(64), risks: ['reboot'] };
  for (const mode of ['off', 'auto', 'ask'] as const) {
    const error = await gated(exec('sudo shutdown -r now', given), {
      'policy.mode': mode,
      'policy.rules': file,
    });
    expect(error).toMatchObject({ code: 'policy.refused', exitCode: 6 });
  }
  expect((await readAuditLog(folder))[0]).toMatchObject({
    who: 'me',
    action: 'policy.refused',
    hosts: ['web-1', 'web-2'],
    command: 'sudo shutdown -r now',
    rule: 'no-reboot',
  });
});

test('rules that cannot be read refuse everything', async () => {
  const file = await rules('rules: [');
  expect(await gated(exec('ls'), { 'policy.rules': file })).toMatchObject({ code: 'policy.refused' });
  expect(await gated(exec('ls'), { 'policy.rules': join(folder, 'none.yaml') })).toMatchObject({
    code: 'policy.refused',
  });
});

test('an approval is by hash and named risk, for this meaning on these hosts', async () => {
  const settings = { 'policy.mode': 'auto' } as const;
  const asked = await gated(exec('rm -r /srv/old'), settings);
  expect(asked).toMatchObject({ code: 'policy.needs-approval', exitCode: 7 });
  expect(asked?.hint).toContain('--risk data-loss');
  const hash = String(asked?.details['hash']).slice(0, 12);
  expect(await gated(exec('rm -r /srv/old', { hash, risks: [] }), settings)).toMatchObject({
    code: 'policy.needs-approval',
  });
  expect(await gated(exec('rm -r /srv/new', { hash, risks: ['data-loss'] }), settings)).toMatchObject({
    code: 'policy.needs-approval',
  });
  expect(await gated(exec("rm  -r '/srv/old'", { hash, risks: ['data-loss'] }), settings)).toBeNull();
  const actions = (await readAuditLog(folder)).map(({ action }) => action);
  expect(actions).toEqual(['policy.asked', 'policy.asked', 'policy.asked', 'policy.approved']);
});

test('a forbidden command in a plan is refused, others wait for the approval of the plan', async () => {
  expect(await gated(plan('rm -rf /etc'), {})).toMatchObject({ code: 'policy.refused' });
  expect(await gated(plan('rm -rf /srv/cache'), {})).toBeNull();
});
