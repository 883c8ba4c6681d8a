import { showDuration } from '../core/duration.ts';
import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { HostReport, ProofReport, RunReport, StepReport } from '../core/run-report.ts';
import { sanitiseText, tailOf } from '../core/untrusted.ts';
import { count, indent, oneLine } from './layout.ts';
import { renderDiff } from './render-diff.ts';
import type { Style } from './style.ts';

/** A finished run for the terminal: per host what was done, what was proved by which command run, and what to do next. */
export function renderReport(report: RunReport, style: Style): string {
  const parts = report.hosts.map(host => renderHost(host, style));
  if (report.error && ownCause(report)) parts.push(renderCause(report.error, style, ''));
  parts.push(summary(report, style));
  return `${parts.join('\n\n')}\n`;
}

/** Whether the run's error says more than its hosts and the summary do. */
function ownCause(report: RunReport): boolean {
  return report.outcome === 'failed' && !report.hosts.some(host => host.outcome === 'failed');
}

function renderHost(host: HostReport, style: Style): string {
  const outcome = host.outcome === 'proved' ? style.good('proved') : style.bad('failed');
  const facts = [host.changed === 0 ? 'nothing changed' : `${host.changed} changed`];
  const corrected = host.steps.reduce((sum, step) => sum + step.corrections.length, 0);
  if (corrected > 0) facts.push(count(corrected, 'correction'));
  if (host.roundTrips > 0) facts.push(count(host.roundTrips, 'round trip'));
  const lines = [`${style.strong(oneLine(host.host))}: ${outcome}  ${style.faint(facts.join(', '))}`];
  for (const step of host.steps) lines.push(renderStep(step, style));
  for (const proof of host.proofs) lines.push(renderProof(proof, style));
  for (const finding of host.findings) {
    lines.push(`  ${style.strong(oneLine(finding.title))} ${runMark(finding.commandRunId, style)}`);
    lines.push(indent(sanitiseText(finding.text).trimEnd(), '    '));
  }
  const told = host.steps.some(step => step.error?.message === host.error?.message);
  if (host.error && !told) lines.push(renderCause(host.error, style, '  '));
  return lines.filter(line => line !== '').join('\n');
}

const STEP_MARKS = { changed: '✓', unchanged: '=', failed: '✗', skipped: '-' } as const;
const STEP_PAINT = { changed: 'good', unchanged: 'faint', failed: 'bad', skipped: 'warning' } as const;

function renderStep(step: StepReport, style: Style): string {
  const mark = style[STEP_PAINT[step.outcome]](`${STEP_MARKS[step.outcome]} ${step.outcome.padEnd(9)}`);
  const lines = [`  ${mark} ${oneLine(step.title)} ${style.faint(`(${showDuration(step.duration)})`)}`];
  for (const change of step.changes)
    lines.push(
      `      ${oneLine(change.state)}${change.expected === undefined ? '' : `: ${oneLine(change.expected)}`} ${runMark(change.commandRunId, style)}`,
    );
  for (const correction of step.corrections) {
    lines.push(
      `      ${style.warning('corrected')} ${oneLine(correction.title)} ${runMark(correction.commandRunId, style)}`,
      indent(renderDiff(correction.diff, style), '        '),
    );
  }
  if (step.error) lines.push(renderCause(step.error, style, '      '));
  return [...lines, ...renderLosses(step, style)].join('\n');
}

/** What no longer works after the step, and whether it was taken back. */
function renderLosses({ id, regressions = [], undo, undone }: StepReport, style: Style): readonly string[] {
  const lost = regressions.map(text => `      ${style.bad('lost')} ${oneLine(text)}`);
  if (undone) {
    const how = undone.error ? `could not be taken back: ${oneLine(undone.error.message)}` : 'was taken back';
    return [...lost, `      ${style.warning('undo')} ${how}`];
  }
  const offered = undo !== undefined && undo.subjects.length + undo.packages.length > 0;
  if (lost.length === 0 || !offered) return lost;
  return [...lost, `      next: deckhand undo ${undo.kept.split('/')[0] ?? ''} --step ${oneLine(id)}`];
}

function renderProof(proof: ProofReport, style: Style): string {
  const mark = proof.holds ? style.good('✓ proved   ') : style.bad('✗ not true ');
  const head = `  ${mark} ${oneLine(proof.title)} ${runMark(proof.commandRunId, style)}`;
  if (proof.evidence.trim() === '') return head;
  const evidence = tailOf(sanitiseText(proof.evidence).trimEnd(), proof.holds ? 200 : 2000);
  return `${head}\n${indent(evidence, `      ${style.faint('│')} `)}`;
}

function renderCause(error: ErrorRecord, style: Style, margin: string): string {
  return `${margin}${style.bad(error.code)}: ${oneLine(error.message)}\n${margin}next: ${oneLine(error.hint)}`;
}

function runMark(id: string, style: Style): string {
  return style.faint(`[${oneLine(id)}]`);
}

function summary(report: RunReport, style: Style): string {
  const took = style.faint(`in ${showDuration(report.duration)} (${report.id})`);
  if (report.outcome === 'declined')
    return `${style.warning('Declined:')} nothing further was changed. ${took}`;
  const changed = report.hosts.reduce((sum, host) => sum + host.changed, 0);
  const failed = report.hosts.filter(host => host.outcome === 'failed');
  if (report.outcome === 'proved') {
    return `${style.good('Proved')} on ${count(report.hosts.length, 'host')}, ${count(changed, 'change')} ${took}`;
  }
  const names = failed.map(host => `${oneLine(host.host)}${host.error ? ` (${host.error.code})` : ''}`);
  const where =
    names.length > 0
      ? ` on ${failed.length} of ${count(report.hosts.length, 'host')}: ${names.join(', ')}`
      : '';
  return `${style.bad('Failed')}${where} ${took}`;
}
