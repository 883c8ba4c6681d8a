import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/run-report.ts';
import { bootHost, type LabHost, labSshConfig } from '../lab/lab.ts';
import { type CommandResult, deckhand as runDeckhand, stopDaemon } from './deckhand-command.ts';
import { failingPlan, MANIFEST, planOf, PREPARE, referencePlan, STEPS } from './undo-lab.ts';

/** What a run changed is as it was before, seen by whole manifests of a booted host (A23 B04). */
let folder: string;
let host: LabHost;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undo-'));
  host = await bootHost(208);
  await labSshConfig([host], folder);
  const ready = await host.run(PREPARE, { timeoutMs: 500_000 });
  if (ready.code !== 0) throw new Error(ready.stderr);
});
afterAll(async () => {
  await stopDaemon(folder);
  await host?.down();
  await rm(folder, { recursive: true, force: true });
});

async function deckhand(...words: readonly string[]): Promise<CommandResult> {
  const config = await labSshConfig([host], folder);
  return await runDeckhand([...words, '--ssh-config', config], { folder });
}
async function apply(plan: string): Promise<RunReport> {
  await writeFile(join(folder, 'plan.yaml'), plan);
  const { stdout, stderr } = await deckhand('apply', 'plan.yaml', '--host', host.name, '--yes', '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as RunReport;
}
async function settings(text: string): Promise<void> {
  await mkdir(join(folder, 'config', 'deckhand'), { recursive: true });
  await writeFile(join(folder, 'config', 'deckhand', 'deckhand.yaml'), text);
}
const manifest = async (): Promise<readonly string[]> => {
  const { stdout } = await host.run(MANIFEST, { timeoutMs: 300_000 });
  return stdout.split('\n');
};
const seen = async (command: string): Promise<string> => (await host.run(command)).stdout.trim();

describe('undo', () => {
  it('brings a host back that reference steps of every kind have changed (T21)', async () => {
    const before = await manifest();
    const report = await apply(referencePlan());
    expect(report.error, JSON.stringify(report.error)).toBeUndefined();
    const steps = report.hosts[0]?.steps ?? [];
    expect(steps.map(({ outcome }) => outcome)).toEqual(Array.from({ length: STEPS }, () => 'changed'));
    // one step stops a unit while others run: that is no loss of theirs
    expect(steps.flatMap(({ regressions = [] }) => regressions)).toEqual([]);
    expect(await manifest()).not.toEqual(before);
    const shown = await deckhand('undo', report.id);
    // nobody said yes: nothing is done
    expect(shown.code).toBe(7);
    expect(shown.stderr).toContain('/srv/old.conf');
    const undone = await deckhand('undo', report.id, '--yes');
    expect(undone.stdout + undone.stderr).toContain('Proved');
    expect(undone.code).toBe(0);
    const after = await manifest();
    expect(after.filter(line => !before.includes(line))).toEqual([]);
    expect(before.filter(line => !after.includes(line))).toEqual([]);
    expect(await seen(`su bob -c 'id -Gn'; getent shadow bob | cut -c1-5`)).toContain('band');
  }, 600_000);

  it('of one step leaves the others, and leaves what somebody has changed since (T25)', async () => {
    const file = (path: string) => ({ states: [{ kind: 'file', path, content: 'by the run\n' }] });
    const { id } = await apply(planOf(file('/srv/u1'), file('/srv/u2')));
    expect((await deckhand('undo', id, '--step', '2', '--yes')).code).toBe(0);
    expect(await seen('ls /srv/u1 /srv/u2 2>/dev/null')).toBe('/srv/u1');
    await host.run('echo mine >/srv/u1');
    const left = await deckhand('undo', id, '--step', 's1', '--yes');
    expect(left.code).toBe(1);
    expect(left.stdout).toContain('/srv/u1 was changed since the run');
    expect(await seen('cat /srv/u1')).toBe('mine');
    expect((await deckhand('undo', id, '--step', 's1', '--even-if-changed', '--yes')).code).toBe(0);
    expect(await seen('ls /srv/u1 2>/dev/null')).toBe('');
  });

  it('says before and after what cannot be taken back', async () => {
    const state = { kind: 'command', title: 'shout', script: 'touch /srv/shout', creates: '/srv/shout' };
    await writeFile(join(folder, 'plan.yaml'), planOf({ states: [state] }));
    const asked = await deckhand('apply', 'plan.yaml', '--host', host.name);
    expect(asked.stderr).toContain('cannot be undone');
    const { id } = await apply(planOf({ states: [state] }));
    const refused = await deckhand('undo', id, '--yes');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('undo.nothing-kept');
    expect(refused.stderr).toContain('command shout');
  });
});

const LOSES = {
  states: [
    {
      kind: 'command',
      title: 'tidy up',
      script: 'systemctl stop tick; touch /srv/tidy',
      creates: '/srv/tidy',
      effects: ['/srv/tidy', 'service:tick'],
    },
  ],
};

describe('what a step lost', () => {
  it('is named, and how to take it back', async () => {
    await host.run('systemctl -q enable --now tick');
    const report = await apply(planOf(LOSES));
    expect(report).toMatchObject({ outcome: 'proved' });
    expect(report.hosts[0]?.steps[0]?.regressions).toEqual(['tick.service ran before and does not run now']);
    const text = (await runDeckhand(['report', report.id, '--format', 'markdown'], { folder })).stdout;
    expect(text).toContain('tick.service ran before and does not run now');
    expect((await deckhand('undo', report.id, '--yes')).code).toBe(0);
    expect(await seen('systemctl is-active tick; ls /srv/tidy 2>&1')).toMatch(/^active\n.*No such/);
  });

  it('is brought back at once where the settings say so, and the step has failed', async () => {
    await settings('agent:\n  undo: regression\n');
    await host.run('systemctl -q enable --now tick; rm -f /srv/tidy');
    const report = await apply(planOf(LOSES));
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'step.regressed' } });
    expect(await seen('systemctl is-active tick; ls /srv/tidy 2>&1')).toMatch(/^active\n.*No such/);
    await settings('');
  });
});

describe('a step that fails', () => {
  it('is taken back at once where the settings say so: the host is as it was', async () => {
    await settings('agent:\n  undo: failure\n');
    const before = await manifest();
    const failing = failingPlan({
      kind: 'command',
      title: 'break off',
      script: 'echo half >/srv/half; echo spoilt >/srv/old2; exit 3',
      creates: '/srv/whole',
      effects: ['/srv/half', '/srv/old2'],
    });
    const report = await apply(failing);
    const [step] = report.hosts[0]?.steps ?? [];
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'command.failed' } });
    expect(step).toMatchObject({
      outcome: 'failed',
      undone: { why: expect.stringContaining('exit') as string },
    });
    expect(step?.undone?.error).toBeUndefined();
    // all but the command that broke off had come to its end
    expect(step?.changes.length).toBeGreaterThanOrEqual(STEPS - 2);
    expect(await manifest()).toEqual(before);
    await settings('');
  }, 600_000);
});

describe('the way in', () => {
  it('that a step has closed is opened again over the connection that is still there', async () => {
    await settings('agent:\n  undo: regression\n');
    const path = '/etc/ssh/sshd_config.d/00-lock.conf';
    const states = [
      { kind: 'file', path, content: 'AllowUsers nobody-at-all\n', mode: '0600' },
      { kind: 'service', name: 'ssh', reloadAfter: [path] },
    ];
    const report = await apply(planOf({ states }));
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'step.regressed' } });
    expect(report.hosts[0]?.steps[0]?.regressions?.[0]).toContain('nobody can log in by ssh any more');
    expect(await seen(`ls ${path} 2>&1; echo here`)).toMatch(/No such.*\nhere$/s);
    await settings('');
  });
});

describe('what is expected of a command', () => {
  const says = (script: string, expected: object) => ({
    states: [{ kind: 'command', title: 'speak', script, creates: '/srv/spoke', expected }],
  });
  it('is compared after it ran: another text or code is a failure with what came', async () => {
    const wrong = await apply(planOf(says('echo hullo; touch /srv/spoke', { text: 'ready*now' })));
    expect(wrong.error).toMatchObject({ code: 'step.output-unexpected' });
    expect(String(wrong.error?.details['evidence'])).toContain('hullo');
    await host.run('rm /srv/spoke');
    const right = await apply(
      planOf(says('touch /srv/spoke; echo ready right now; exit 3', { exitCodes: [3], text: 'ready*now' })),
    );
    expect(right.outcome, JSON.stringify(right.error)).toBe('proved');
    expect(right.hosts[0]?.steps[0]?.changes[0]?.expected).toContain('exit 3');
  });
});

describe('steps that are independent', () => {
  it('run together, and what depends on them after them', async () => {
    // two names of one pipe: who writes waits for who reads, so one of them alone would never end
    await host.run('mkfifo /srv/pipe; ln -s pipe /srv/pipe-a; ln -s pipe /srv/pipe-b');
    const meets = (name: string, script: string) => ({
      timeout: 60,
      states: [
        {
          kind: 'command',
          title: `meet ${name}`,
          script,
          creates: `/srv/met-${name}`,
          effects: [`/srv/met-${name}`],
        },
      ],
    });
    const last = { dependsOn: ['s1', 's2'], states: [{ kind: 'file', path: '/srv/met', content: 'x' }] };
    const writes = meets('a', 'echo here >/srv/pipe-a; touch /srv/met-a');
    const report = await apply(planOf(writes, meets('b', 'cat /srv/pipe-b >/srv/met-b'), last));
    expect(report.outcome, JSON.stringify(report.error)).toBe('proved');
    const { events } = JSON.parse(
      (await runDeckhand(['report', report.id, '--format', 'json'], { folder })).stdout,
    ) as { events: { kind: string; stepId?: string }[] };
    const kinds = events.flatMap(({ kind, stepId }) =>
      kind.startsWith('step-') ? [`${kind} ${stepId}`] : [],
    );
    expect(kinds.indexOf('step-started s3')).toBeGreaterThan(kinds.indexOf('step-completed s1'));
    expect(kinds.indexOf('step-started s3')).toBeGreaterThan(kinds.indexOf('step-completed s2'));
  });
});
