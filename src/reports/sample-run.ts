import { DeckhandError } from '../core/deckhand-error.ts';
import type { Plan } from '../core/plan.ts';
import type { HostReport, PlanPreview, RunReport } from '../core/run-report.ts';

/** For tests only: one plan, its preview and its report, as an engine would give them. */
const samplePlan: Plan = {
  intent: 'serve hello on port 8080',
  goal: 'A page that says hello is served on port 8080',
  assumptions: ['nginx may be installed'],
  runbook: { name: 'serve-page', confidence: 0.94 },
  parameters: { port: 8080 },
  steps: [
    {
      id: 'nginx',
      title: 'Install nginx',
      dependsOn: [],
      states: [{ kind: 'package', name: 'nginx', ensure: 'present' }],
      checks: [],
      timeout: 600,
    },
  ],
  postconditions: [
    { title: 'http://127.0.0.1:8080/ answers with hello', script: 'true', privilege: 'user', within: 0 },
  ],
  report: [],
};

const pending = [
  { stepId: 'nginx', state: 'package nginx', diff: [{ field: 'present', before: 'no', after: 'yes' }] },
  {
    stepId: 'page',
    state: 'file /srv/index.html',
    diff: [{ field: 'content', before: 'old\nsame\n', after: 'hello\u001b[31m\nsame\n' }],
  },
];
const openPostconditions = ['http://127.0.0.1:8080/ answers with hello'];

/** What `plan` gives for it on four hosts. */
export const samplePreview: PlanPreview = {
  plan: samplePlan,
  hash: '3f9a1c2e41d7aabbccdd',
  steps: [
    {
      id: 'nginx',
      title: 'Install nginx',
      risk: 'privileged',
      states: ['package nginx'],
      effects: [{ kind: 'package', subject: 'nginx', risk: 'privileged' }],
      dependsOn: [],
    },
    {
      id: 'page',
      title: 'Put the page in place',
      risk: 'change',
      states: ['file /srv/index.html'],
      effects: [{ kind: 'path', subject: '/srv/index.html', risk: 'change' }],
      dependsOn: ['nginx'],
    },
  ],
  hosts: [
    { host: 'web-1', pending, openPostconditions },
    { host: 'web-2', pending, openPostconditions },
    { host: 'web-3', pending: [], openPostconditions: [] },
    {
      host: 'web-4',
      pending: [],
      openPostconditions: [],
      error: new DeckhandError('ssh.refused', '192.0.2.4:22 refused the connection.').toJSON(),
    },
  ],
};

const provedHost: HostReport = {
  host: 'web-1',
  outcome: 'proved',
  changed: 1,
  roundTrips: 4,
  steps: [
    {
      id: 'nginx',
      title: 'Install nginx',
      outcome: 'changed',
      duration: 2100,
      changes: [
        {
          state: 'package nginx',
          diff: [{ field: 'present', before: 'no', after: 'yes' }],
          commandRunId: 'run-apply',
        },
      ],
      corrections: [
        {
          signature: 'dpkg-lock',
          title: 'waited for the package lock',
          diff: [{ field: 'run first', before: '', after: 'apt-get -y -q install' }],
          class: 'change',
          commandRunId: 'run-again',
          failedRunId: 'run-locked',
        },
      ],
    },
    {
      id: 'page',
      title: 'Put the page in place',
      outcome: 'unchanged',
      duration: 3,
      changes: [],
      corrections: [],
    },
  ],
  proofs: [
    {
      title: 'http://127.0.0.1:8080/ answers with hello',
      holds: true,
      evidence: 'hello\n',
      commandRunId: 'run-proof',
    },
  ],
  findings: [],
  commandRuns: [
    {
      id: 'run-check',
      purpose: 'check all states',
      script: 'dpkg -s nginx',
      verdict: 'succeeded',
      exitCode: 0,
      signal: null,
      duration: 20,
      stdout: 'a\n```\nb\n',
      stderr: '',
    },
    {
      id: 'run-proof',
      purpose: 'prove the result',
      script: 'curl -fsS http://127.0.0.1:8080/',
      verdict: 'succeeded',
      exitCode: 0,
      signal: null,
      duration: 20,
      stdout: 'hello\n',
      stderr: '',
    },
  ],
};

const failedHost: HostReport = {
  host: 'web-2',
  outcome: 'failed',
  changed: 0,
  roundTrips: 1,
  steps: [],
  proofs: [],
  findings: [],
  commandRuns: [],
  error: new DeckhandError('host.disk-full', 'web-2: / has 0 bytes left.').toJSON(),
};

/** What `run` gives when everything is proved. */
export const provedReport: RunReport = {
  version: 1,
  id: 'agent-1',
  intent: samplePlan.intent,
  goal: samplePlan.goal,
  plan: samplePlan,
  startedAt: '2026-01-01T00:00:00.000Z',
  duration: 3200,
  outcome: 'proved',
  hosts: [provedHost],
};

/** What `run` gives when one of two hosts failed. */
export const sampleReport: RunReport = {
  ...provedReport,
  outcome: 'failed',
  hosts: [provedHost, failedHost],
  error: new DeckhandError('run.some-hosts-failed', '1 of 2 hosts failed: web-2.').toJSON(),
};
