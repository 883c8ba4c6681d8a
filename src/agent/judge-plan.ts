import type { Plan, Step } from '../core/plan.ts';
import type { PlannedCommand } from '../core/run-report.ts';
import type { State } from '../core/state.ts';
import { meaningHash } from '../policy/approval.ts';
import { decide, type Decision, type PolicyMode, type RuleBook } from '../policy/decide.ts';
import { judgeCommand } from '../policy/judge.ts';
import { type Verdict, worse } from '../policy/verdict.ts';
import { quote } from '../shell/quote.ts';
import { describeState, effectsOf } from '../states/registry.ts';

export type { PolicyMode, RuleBook } from '../policy/decide.ts';

/** What may run of a plan, and what a person must be asked. */
export interface PlanPolicy {
  readonly mode: PolicyMode;
  readonly book: RuleBook;
}

/** Everything that a plan would run to change something, in the order of its steps, each judged by itself. */
export function judgePlan(
  plan: Plan,
  hosts: readonly string[],
  policy: PlanPolicy,
): readonly PlannedCommand[] {
  return plan.steps.flatMap(step => judgeStep(step, hosts, policy));
}

/** The same for one step; called again where it is run, with the bytes that are about to run. */
export function judgeStep(
  step: Step,
  hosts: readonly string[],
  policy: PlanPolicy,
): readonly PlannedCommand[] {
  const places = step.hosts ?? hosts;
  return step.states.flatMap(state =>
    wordsOf(state).map(({ text, verdict }) => {
      const decision = decide(verdict, policy.mode, places, policy.book);
      return judged(step.id, text, verdict, softened(decision, state, verdict, step), places);
    }),
  );
}

function judged(
  stepId: string,
  text: string,
  verdict: Verdict,
  { decision, rule, why }: Decision,
  hosts: readonly string[],
): PlannedCommand {
  const meaning = meaningHash(hosts, text, verdict);
  return { stepId, text, class: verdict.class, risks: verdict.risks, decision, rule, why, meaning };
}

/** A typed state of a person's or a runbook's that no command of the kind may do is still a person's to approve. */
function softened(decision: Decision, state: State, verdict: Verdict, step: Step): Decision {
  const typed = state.kind !== 'command' && step.madeBy !== 'model';
  const byClass = decision.rule === null && verdict.class === 'forbidden';
  return typed && byClass ? { ...decision, decision: 'ask' } : decision;
}

/**
 * Why a person must see a plan of a model's, whatever was said beforehand: what is destructive, unclear or
 * carries a risk with a name.
 */
export function doubtsOf(plan: Plan, commands: readonly PlannedCommand[]): readonly string[] {
  const own = plan.doubts ?? [];
  const byModel = new Set(plan.steps.filter(({ madeBy }) => madeBy === 'model').map(({ id }) => id));
  const grave = commands.filter(
    ({ stepId, class: found, risks }) =>
      byModel.has(stepId) && (risks.length > 0 || found === 'destructive' || found === 'unknown'),
  );
  const texts = grave.map(
    ({ stepId, class: found, risks, why }) => `${stepId}: ${[found, ...risks].join(', ')}: ${why}`,
  );
  return [...new Set([...own, ...texts])];
}

interface Words {
  readonly text: string;
  readonly verdict: Verdict;
}

/** What applying a state amounts to, in words that rules speak of; a command is its own. */
function wordsOf(state: State): readonly Words[] {
  return textsOf(state).map(text => ({ text, verdict: verdictOf(state, text) }));
}

function verdictOf(state: State, text: string): Verdict {
  const verdict = judgeCommand(text);
  const keys = state.kind === 'user' && state.authorizedKeys.length > 0;
  const gone = effectsOf(state).some(({ risk }) => risk === 'destructive');
  if (!keys && !gone) return verdict;
  const risks =
    keys && !verdict.risks.includes('privilege-gain') ? [...verdict.risks, 'privilege-gain'] : verdict.risks;
  return { ...verdict, class: worse(verdict.class, 'destructive'), risks: risks as Verdict['risks'] };
}

function textsOf(state: State): readonly string[] {
  switch (state.kind) {
    case 'command':
      return [state.script];
    case 'package':
      return [`apt-get ${state.ensure === 'present' ? 'install' : 'remove'} -y ${quote(state.name)}`];
    case 'service':
      return serviceTexts(state.name, state.running, state.enabled);
    case 'file':
      return [
        pathText(state.ensure, `tee ${quote(state.path)}`, `rm ${quote(state.path)}`),
        ...(state.validate === undefined ? [] : [state.validate.replaceAll('%s', quote(state.path))]),
      ];
    case 'directory':
      return [pathText(state.ensure, `mkdir -p ${quote(state.path)}`, `rm -r ${quote(state.path)}`)];
    case 'link':
      return [
        pathText(
          state.ensure,
          `ln -sfn ${quote(state.target)} ${quote(state.path)}`,
          `rm ${quote(state.path)}`,
        ),
      ];
    case 'line':
      return [`tee -a ${quote(state.path)}`];
    case 'user':
      return [
        `useradd -m ${quote(state.name)}`,
        ...state.groups.map(group => `usermod -aG ${quote(group)} ${quote(state.name)}`),
      ];
    case 'group':
      return [`${state.ensure === 'present' ? 'groupadd' : 'groupdel'} ${quote(state.name)}`];
    case 'restored':
      return [restoredText(state)];
    default:
      // a kind that has no words here is `unknown`, which asks
      return [`deckhand-state ${quote(describeState(state))}`];
  }
}

function restoredText({ of, name, was, packages }: Extract<State, { kind: 'restored' }>): string {
  const gone = was.startsWith('absent');
  switch (of) {
    case 'packages': {
      const verb = packages.some(one => one.was === 'absent') ? 'purge' : 'install';
      return `apt-get ${verb} -y ${packages.map(one => quote(one.name)).join(' ')}`;
    }
    case 'user':
      return gone ? `userdel ${quote(name)}` : `usermod ${quote(name)}`;
    case 'group':
      return gone ? `groupdel ${quote(name)}` : `groupmod ${quote(name)}`;
    default:
      return pathText(
        gone ? 'absent' : 'present',
        `tee ${quote(name)}`,
        `rm ${of === 'tree' ? '-r ' : ''}${quote(name)}`,
      );
  }
}

function pathText(ensure: 'present' | 'absent', make: string, remove: string): string {
  return ensure === 'present' ? make : remove;
}

function serviceTexts(name: string, running: boolean, enabled: boolean): readonly string[] {
  const unit = quote(name);
  if (running && enabled) return [`systemctl enable --now ${unit}`];
  return [
    `systemctl ${running ? 'start' : 'stop'} ${unit}`,
    `systemctl ${enabled ? 'enable' : 'disable'} ${unit}`,
  ];
}
