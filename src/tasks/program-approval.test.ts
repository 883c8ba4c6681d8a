import { expect, test } from 'vitest';
import type { Approval, TaskRecord } from '../core/task.ts';
import { programApproval } from './program-approval.ts';

const NOW = 1_000_000;
const task = (part: object = {}): TaskRecord =>
  ({
    kind: 'scp.upload',
    host: 'web-1',
    title: '/w/site → web-1:/srv',
    params: { source: '/w/site', target: '/srv', deleteExtra: false },
    surroundings: { folder: '/w', overrides: {}, asker: 'mcp:claude' },
    ...part,
  }) as unknown as TaskRecord;
const claimed = (given: TaskRecord, approved: readonly Partial<Approval>[] = [], used = false) => ({
  task: given,
  steps: new Map(used ? [['approved', {}]] : []),
  approved: approved as readonly Approval[],
});
const asked = (given: TaskRecord, approved: readonly Partial<Approval>[] = [], used = false) =>
  programApproval(claimed(given, approved, used), NOW);

function hashOf(given: TaskRecord): string {
  const found = asked(given);
  if (!found || !('ask' in found)) throw new Error('nobody was asked');
  return found.ask.hash;
}

test.each([
  ['a person', { surroundings: { folder: '/w', overrides: {} } }],
  ['a token', { surroundings: { folder: '/w', overrides: {}, asker: 'token:ci' } }],
  ['a kind that the policy judges', { kind: 'ssh.execute', params: { command: 'true' } }],
])('%s is not asked about', (_, part) => expect(asked(task(part))).toBeNull());

test('a person sees who asks for what, every parameter of it', () => {
  const found = asked(task({ kind: 'scp.sync', params: { local: '/w', deleteExtra: true } }));
  expect(found).toMatchObject({
    ask: {
      kind: 'plan',
      uses: 1,
      about: {
        hosts: ['web-1'],
        risks: ['data-loss'],
        doubts: ['mcp:claude asks for it, not a person.'],
        commands: [
          {
            text: 'scp.sync on web-1\n  deleteExtra: true\n  local: "/w"',
            class: 'destructive',
            decision: 'ask',
          },
        ],
      },
    },
  });
});

test('a yes covers exactly what was asked, until it is too old; what it covered may be gone on with', () => {
  const hash = hashOf(task());
  const yes = { id: 'approval-1', hash, validUntil: NOW + 1 };
  expect(asked(task(), [yes])).toEqual({ use: 'approval-1', step: 'approved' });
  expect(asked(task(), [{ ...yes, validUntil: NOW }])).toHaveProperty('ask');
  expect(asked(task(), [{ ...yes, validUntil: NOW }], true)).toHaveProperty('use');
  for (const other of [
    { host: 'web-2' },
    { params: { source: '/w/site', target: '/srv2', deleteExtra: false } },
    { params: { source: '/w/site', target: '/srv' } },
  ])
    expect(asked(task(other), [yes])).toHaveProperty('ask');
});

test('line ends in parameters cannot make it look like something else', () => {
  const found = asked(task({ params: { target: '/srv\n  source: "/etc"' } }));
  expect(JSON.stringify(found)).toContain('target: \\\"/srv\\\\n  source');
});
