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

async function gated(
  tasks: NewTask[],
  settings: Partial<SettingValues>,
  who = 'me',
): Promise<DeckhandError | null> {
  const gate = {
    settings: { ...DEFAULTS, ...settings },
    log: new AuditLog(folder),
    who,
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

test('the start command of a model server is judged like one that is typed', async () => {
  const deploy = (start?: string, approval?: object): NewTask[] => [
    { kind: 'model.deploy', host: 'web-1', params: { name: 'a', start, approval } } as unknown as NewTask,
  ];
  const file = await rules(DENY);
  const refused = await gated(deploy('serve $PORT; reboot'), { 'policy.rules': file });
  expect(refused).toMatchObject({ code: 'policy.refused' });
  expect(await gated(deploy(), { 'policy.rules': file, 'policy.mode': 'ask' })).toBeNull();
  expect(await gated(deploy('serve $PORT'), {})).toBeNull();
  const asked = await gated(deploy('serve $PORT'), { 'policy.mode': 'ask' });
  expect(asked).toMatchObject({ code: 'policy.needs-approval' });
  const { hash, risks } = (asked as DeckhandError).details as unknown as { hash: string; risks: string[] };
  expect(await gated(deploy('serve $PORT', { hash, risks }), { 'policy.mode': 'ask' })).toBeNull();
  expect(await gated(deploy('serve $PORT; reboot'), { 'policy.rules': file }, 'mcp:one')).toMatchObject({
    code: 'policy.refused',
  });
});

test('what a person types runs by default, whatever it is', async () => {
  expect(await gated(exec('rm -rf /srv; reboot'), {})).toBeNull();
  expect(await readAuditLog(folder)).toEqual([]);
});

test('what the mode auto lets change something unasked is in the log; what only looks is not', async () => {
  for (const command of ['ls /srv', 'touch /srv/x']) {
    expect(await gated(exec(command), { 'policy.mode': 'auto' })).toBeNull();
    expect(await gated(exec(command), {})).toBeNull();
  }
  expect(await readAuditLog(folder)).toMatchObject([
    { action: 'policy.unasked', command: 'touch /srv/x', hosts: ['web-1', 'web-2'], who: 'me' },
  ]);
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

const wish = (kind: string, params: object): NewTask[] => [
  { kind, host: 'web-1', params } as unknown as NewTask,
];
test.each([
  ['an upload over the disk', 'scp.upload', { source: '/w/x', target: '/dev/sda' }, true],
  [
    'a sync that empties /',
    'scp.sync',
    { local: '/w', remote: '/', direction: 'push', deleteExtra: true },
    true,
  ],
  ['an upload', 'scp.upload', { source: '/w/x', target: '/srv/x' }, false],
  ['a download', 'scp.download', { source: '/srv/x', target: '/w/x' }, false],
  ['a sync', 'scp.sync', { local: '/w', remote: '/srv', direction: 'pull' }, false],
  ['a deployment', 'model.deploy', { name: 'tiny', model: '/w/tiny.gguf' }, false],
  ['a tunnel', 'ssh.tunnel', { name: 'db', host: 'web-1' }, false],
])(
  "what a model's program wishes for is judged as the command that does the same: %s",
  async (_, kind, params, refused) => {
    const error = await gated(wish(kind, params), { 'policy.mode': 'ask' }, 'mcp:claude');
    expect(error?.code ?? null).toBe(refused ? 'policy.refused' : null);
    // a person's own transfers are no commands
    expect(await gated(wish(kind, params), { 'policy.mode': 'ask' })).toBeNull();
    const looking = await gated(wish(kind, params), { 'policy.mode': 'read-only' }, 'mcp:claude');
    const reads = kind === 'scp.download' || ('direction' in params && params.direction === 'pull');
    expect(looking?.code ?? null).toBe(reads ? null : 'policy.refused');
  },
);
