import { showDuration } from '../core/duration.ts';
import type { Plan } from '../core/plan.ts';
import type { HostPreview, PlannedStep, PlanPreview } from '../core/run-report.ts';
import { count, groupBy, hostNames, indent, oneLine } from './layout.ts';
import { renderDiff } from './render-diff.ts';
import type { Style } from './style.ts';

/** A plan as a person reads it before approving: steps with risk and effects, then what each host lacks. */
export function renderPlan(preview: PlanPreview, style: Style): string {
  const { plan } = preview;
  const parts = [
    `${style.strong(`Plan ${preview.hash.slice(0, 12)}`)}  ${oneLine(plan.goal)}`,
    ...origin(plan, style),
    ...assumptions(plan, style),
    '',
    style.strong('Steps'),
    ...preview.steps.map((step, index) => renderStep(plan, step, index, style)),
    '',
    style.strong('Hosts'),
    ...groupBy(preview.hosts, pendingKey).map(group => renderHosts(group, style)),
  ];
  if (plan.postconditions.length > 0) {
    parts.push('', style.strong('To be proved on every host'));
    parts.push(...plan.postconditions.map(check => `  ${oneLine(check.title)}`));
  }
  parts.push(...titled('Differs from the plan before', preview.difference ?? [], style.strong));
  parts.push(...titled('A person must see this', preview.doubts ?? [], style.bad));
  return `${parts.join('\n')}\n`;
}

function titled(title: string, lines: readonly string[], paint: (text: string) => string): readonly string[] {
  if (lines.length === 0) return [];
  return ['', paint(title), ...lines.slice(0, 50).map(line => `  ${oneLine(line).slice(0, 500)}`)];
}

function origin(plan: Plan, style: Style): readonly string[] {
  const lines: string[] = [];
  if (plan.intent !== '') lines.push(`  ${style.faint('intent:')} ${oneLine(plan.intent)}`);
  if (plan.runbook) {
    const percent = Math.round(plan.runbook.confidence * 100);
    lines.push(`  runbook ${oneLine(plan.runbook.name)}, ${percent} % sure`);
  }
  for (const [name, value] of Object.entries(plan.parameters)) {
    lines.push(
      `  ${style.faint(`${oneLine(name)} =`)} ${oneLine(Array.isArray(value) ? value.join(', ') : String(value))}`,
    );
  }
  return lines;
}

function assumptions(plan: Plan, style: Style): readonly string[] {
  return plan.assumptions.map(text => `  ${style.warning('assumes')} ${oneLine(text)}`);
}

const RISK_PAINT = { none: 'faint', change: 'accent', privileged: 'warning', destructive: 'bad' } as const;

function renderStep(plan: Plan, step: PlannedStep, index: number, style: Style): string {
  const risk = style[RISK_PAINT[step.risk]](step.risk === 'none' ? 'no risk' : step.risk);
  const lines = [`  ${index + 1}. ${oneLine(step.title)}  ${style.faint(step.id)}  ${risk}`];
  for (const state of step.states) lines.push(`       ${oneLine(state)}`);
  lines.push(...scriptsOf(plan, step.id, style));
  if (step.effects.length > 0) {
    const effects = step.effects.map(effect => `${effect.kind} ${oneLine(effect.subject)}`);
    lines.push(`       ${style.faint('touches')} ${effects.join(', ')}`);
  }
  if (step.dependsOn.length > 0) lines.push(`       ${style.faint('after')} ${step.dependsOn.join(', ')}`);
  return [...lines, ...moreOf(step, style)].join('\n');
}

function moreOf({ beside = [], estimate, expects = [], irreversible = [] }: PlannedStep, style: Style) {
  const row = (word: string, text: string): string => `       ${style.faint(word)} ${oneLine(text)}`;
  return [
    ...(beside.length > 0 ? [row('beside', beside.join(', '))] : []),
    ...(estimate === undefined ? [] : [row('takes about', showDuration(estimate * 1000))]),
    ...expects.map(text => row('expects', text)),
    ...irreversible.map(text => `       ${style.warning('cannot be undone')} ${oneLine(text)}`),
  ];
}

/** What a model wrote is shown to the letter; a runbook's scripts are its author's, and can be read there. */
function scriptsOf(plan: Plan, id: string, style: Style): readonly string[] {
  const step = plan.steps.find(one => one.id === id);
  if (step?.madeBy !== 'model') return [];
  const scripts = step.states.flatMap(state => (state.kind === 'command' ? [state.script] : []));
  return [
    ...scripts.map(script => `       ${style.faint('runs')} ${oneLine(script)}`),
    ...(step.undo === undefined ? [] : [`       ${style.faint('undo')} ${oneLine(step.undo)}`]),
    ...(step.why === undefined ? [] : [`       ${style.faint('why')} ${oneLine(step.why)}`]),
  ];
}

function pendingKey(host: HostPreview): string {
  return JSON.stringify([host.pending, host.openPostconditions, host.error ?? null]);
}

function renderHosts(hosts: readonly HostPreview[], style: Style): string {
  const [first] = hosts;
  if (!first) return '';
  const name = `  ${style.strong(hostNames(hosts.map(host => host.host)))}`;
  if (first.error) {
    return `${name}: ${style.bad(first.error.code)}: ${oneLine(first.error.message)}\n    hint: ${oneLine(first.error.hint)}`;
  }
  if (first.pending.length === 0) return `${name}: ${style.good('nothing to change')}${open(first, style)}`;
  const changes = first.pending.map(
    change =>
      `    ${style.faint(change.stepId)}  ${oneLine(change.state)}\n${indent(renderDiff(change.diff, style), '        ')}`,
  );
  const head = `${name}: ${count(first.pending.length, 'change')} pending`;
  return `${[head, ...changes].map(text => text.trimEnd()).join('\n')}${open(first, style)}`;
}

function open(host: HostPreview, style: Style): string {
  return host.openPostconditions
    .map(title => `\n    ${style.warning('does not hold now:')} ${oneLine(title)}`)
    .join('');
}
