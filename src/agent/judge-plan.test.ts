import { describe, expect, it } from 'vitest';
import { planSchema } from '../core/plan.ts';
import type { State } from '../core/state.ts';
import { DESTRUCTIVE_FORMS } from '../policy/testdata/reference-commands.ts';
import { loadRunbooks } from '../runbooks/load-runbooks.ts';
import { judgeLook, looksOf } from './judge-look.ts';
import { doubtsOf, judgePlan, type PlanPolicy } from './judge-plan.ts';

function planOf(states: readonly object[], madeBy?: 'model') {
  const step = { id: 'a', title: 'a', states, ...(madeBy ? { madeBy } : {}) };
  return planSchema.parse({ intent: '', goal: 'g', steps: [step] });
}
const command = (script: string): object => ({ kind: 'command', title: 'x', script, creates: '/x' });
const ask: PlanPolicy = { mode: 'ask', book: { rules: [] } };
const auto: PlanPolicy = { ...ask, mode: 'auto' };

describe('what a plan would run', () => {
  it.each(DESTRUCTIVE_FORMS)('never runs unasked, whatever the mode: %s', script => {
    const plan = planOf([command(script)], 'model');
    for (const policy of [ask, auto]) {
      const [judged] = judgePlan(plan, ['web-1'], policy);
      expect(judged?.decision, JSON.stringify(judged)).not.toBe('run');
    }
    const commands = judgePlan(plan, ['web-1'], ask);
    expect(commands[0]?.decision === 'refuse' || doubtsOf(plan, commands).length > 0).toBe(true);
  });

  const typed: readonly (readonly [Partial<State> & object, string])[] = [
    [{ kind: 'file', path: '/etc/passwd', content: 'x' }, 'refuse'],
    [{ kind: 'package', name: 'openssh-server', ensure: 'absent' }, 'refuse'],
    [{ kind: 'service', name: 'ssh', running: false, enabled: false }, 'refuse'],
    [{ kind: 'package', name: 'nginx', ensure: 'absent' }, 'ask'],
    [{ kind: 'user', name: 'app', groups: ['sudo'] }, 'ask'],
    [{ kind: 'user', name: 'app', authorizedKeys: ['ssh-ed25519 AAAA x'] }, 'ask'],
    [{ kind: 'directory', path: '/srv', ensure: 'absent' }, 'ask'],
    [{ kind: 'package', name: 'nginx' }, 'run'],
    [{ kind: 'service', name: 'nginx' }, 'run'],
    [{ kind: 'file', path: '/srv/app.conf', content: 'x' }, 'run'],
  ];
  it.each(typed)('of a model in the mode auto: %j → %s', (state, decision) => {
    const judged = judgePlan(planOf([state], 'model'), ['web-1'], auto);
    expect(judged.map(one => one.decision)).toContain(decision);
    if (decision === 'run') expect(new Set(judged.map(one => one.decision))).toEqual(new Set(['run']));
  });

  it('a deny stands, for a typed state as for a command', () => {
    const rule = {
      name: 'no-nginx',
      decision: 'deny',
      command: 'systemctl enable --now nginx',
      why: 'it serves',
      risks: [],
      upTo: 'change',
      match: [],
      'not-match': [],
    };
    const policy: PlanPolicy = { mode: 'auto', book: { rules: [rule as never] } };
    const [judged] = judgePlan(planOf([{ kind: 'service', name: 'nginx' }]), ['web-1'], policy);
    expect(judged).toMatchObject({ decision: 'refuse', rule: 'no-nginx' });
  });

  it('one meaning however it is quoted, another for another byte', () => {
    const meaning = (script: string) => judgePlan(planOf([command(script)]), ['web-1'], ask)[0]?.meaning;
    expect(meaning('touch /srv/x')).toBe(meaning(`t\\ouch  "/srv/x"`));
    expect(meaning('touch /srv/x')).not.toBe(meaning('touch /srv/y'));
  });

  it('lets the looks of every shipped runbook through, as their authors wrote them', async () => {
    for (const runbook of await loadRunbooks()) {
      const checks = [...runbook.postconditions, ...runbook.report].map(({ script }) => String(script));
      for (const script of checks)
        expect(judgeLook(script, 'person'), `${runbook.name}: ${script}`).toBeNull();
    }
    expect(looksOf(planOf([command('x')]))).toEqual([]);
  });
});
