import { showDuration } from '../core/duration.ts';
import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { CommandRunRecord, DiffLine, HostReport, RunReport, StepReport } from '../core/run-report.ts';
import { sanitiseText, tailOf } from '../core/untrusted.ts';
import { count, indent, oneLine } from './layout.ts';
import { hunks } from '../core/line-diff.ts';

/** Characters of one stream kept in the appendix. */
const MOST_STREAM = 4000;

/**
 * A run as a Markdown document. Every claim about a host names the command run it rests on; the
 * appendix has those runs with script, exit and output. Pure: the same report gives the same text.
 */
export function renderMarkdown(report: RunReport): string {
  const blocks = [
    `# ${escape(report.goal)}`,
    headTable(report),
    ...planBlocks(report),
    ...report.hosts.flatMap(hostBlocks),
    ...(report.error && report.hosts.every(host => !host.error) ? [causeText(report.error)] : []),
    ...appendix(report),
  ];
  return `${blocks.filter(block => block !== '').join('\n\n')}\n`;
}

const OUTCOMES = {
  proved: 'proved: every post-condition was seen to hold on every host',
  failed: 'failed',
  declined: 'declined by a person',
} as const;

function headTable(report: RunReport): string {
  const rows: [string, string][] = [
    ['Outcome', OUTCOMES[report.outcome]],
    ['Intent', escape(report.intent)],
    ['Run', `\`${report.id}\``],
    ['Started', escape(report.startedAt)],
    ['Duration', showDuration(report.duration)],
    ['Hosts', report.hosts.map(host => `${escape(host.host)} (${host.outcome})`).join(', ')],
  ];
  if (report.plan.runbook) {
    const { name, confidence } = report.plan.runbook;
    rows.push(['Runbook', `${escape(name)}, ${Math.round(confidence * 100)} % sure`]);
  }
  const shown = rows.filter(([, value]) => value !== '');
  return ['| | |', '|---|---|', ...shown.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
}

function planBlocks(report: RunReport): readonly string[] {
  const { assumptions, parameters } = report.plan;
  const blocks: string[] = [];
  const names = Object.entries(parameters);
  if (names.length > 0) {
    const lines = names.map(([name, value]) => `- ${escape(name)}: ${escape(String(value))}`);
    blocks.push('## Parameters', lines.join('\n'));
  }
  if (assumptions.length > 0) {
    blocks.push('## Assumptions', assumptions.map(text => `- ${escape(text)}`).join('\n'));
  }
  return blocks;
}

function hostBlocks(host: HostReport): readonly string[] {
  const changed = host.changed === 0 ? 'nothing changed' : count(host.changed, 'change');
  const blocks = [`## ${escape(host.host)}: ${host.outcome}`, `${capital(changed)}. ${evidenceLine(host)}`];
  if (host.proofs.length > 0) {
    const lines = host.proofs.map(
      proof =>
        `- ${proof.holds ? 'Holds' : '**Does not hold**'}: ${escape(proof.title)} ${link(proof.commandRunId)}`,
    );
    blocks.push('### Proofs', lines.join('\n'));
  }
  if (host.steps.length > 0)
    blocks.push('### Steps', host.steps.map(step => stepText(step, host)).join('\n'));
  for (const finding of host.findings) {
    blocks.push(`### ${escape(finding.title)}`, link(finding.commandRunId), fence(finding.text));
  }
  if (host.error) blocks.push(causeText(host.error));
  return blocks;
}

function evidenceLine(host: HostReport): string {
  const trips = host.roundTrips > 0 ? ` in ${count(host.roundTrips, 'round trip')}` : '';
  return `Rests on ${count(host.commandRuns.length, 'command run')}${trips}.`;
}

function stepText(step: StepReport, host: HostReport): string {
  const lines = [
    `- **${step.outcome}** ${escape(step.title)} (${showDuration(step.duration)})${seenBy(step, host)}`,
  ];
  for (const change of step.changes) {
    lines.push(`  - changed ${escape(change.state)} ${link(change.commandRunId)}`);
    lines.push(...change.diff.map(diffText));
  }
  for (const correction of step.corrections) {
    lines.push(
      `  - ${escape(correction.signature)} was seen ${link(correction.failedRunId)}, corrected by: ${escape(correction.title)} ${link(correction.commandRunId)}`,
    );
  }
  if (step.error) lines.push(`  - ${causeText(step.error)}`);
  return lines.join('\n');
}

/** One difference under its change; a text of several lines as a unified diff. */
function diffText(line: DiffLine): string {
  const field = `    - ${escape(line.field)}:`;
  if (!/\n/.test(line.before + line.after)) return `${field} ${code(line.before)} → ${code(line.after)}`;
  const shown = hunks(line.before, line.after).map(entry => (entry ? entry.mark + entry.text : ' …'));
  return `${field}\n\n${indent(fence(shown.join('\n'), 'diff'), '      ')}\n`;
}

/** A step that changed nothing rests on the last check: the run that read the host's state. */
function seenBy(step: StepReport, host: HostReport): string {
  if (step.outcome !== 'unchanged') return '';
  const check = host.commandRuns.findLast(run => /check|look/i.test(run.purpose));
  return check ? ` ${link(check.id)}` : '';
}

function causeText(error: ErrorRecord): string {
  const runs = [error.details['commandRunId'], error.details['runId']].filter(id => typeof id === 'string');
  const evidence = runs.map(id => ` ${link(id)}`).join('');
  return `**Cause** \`${error.code}\`: ${escape(error.message)}${evidence} **Next:** ${escape(error.hint)}`;
}

function appendix(report: RunReport): readonly string[] {
  const hosts = report.hosts.filter(host => host.commandRuns.length > 0);
  if (hosts.length === 0) return [];
  const blocks = ['## Appendix: command runs'];
  for (const host of hosts) for (const run of host.commandRuns) blocks.push(...runBlocks(host.host, run));
  return blocks;
}

function runBlocks(host: string, run: CommandRunRecord): readonly string[] {
  const exit = run.signal === null ? `exit ${run.exitCode ?? 'unknown'}` : `killed by ${oneLine(run.signal)}`;
  return [
    `<a id="${anchor(run.id)}"></a>\n\n### ${oneLine(run.id)}`,
    `${escape(host)}: ${escape(run.purpose)} — ${run.verdict}, ${exit}, ${showDuration(run.duration)}`,
    fence(run.script, 'sh'),
    run.stdout.trim() === '' ? '' : `stdout\n\n${fence(run.stdout)}`,
    run.stderr.trim() === '' ? '' : `stderr\n\n${fence(run.stderr)}`,
  ];
}

function link(id: string): string {
  return `[[${oneLine(id)}](#${anchor(id)})]`;
}

function anchor(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_-]/g, '-');
}

/** Untrusted text on one line, without a chance to become markup. */
function escape(text: string): string {
  return oneLine(text).replaceAll(/[\\`*_[\]<>|#]/g, String.raw`\$&`);
}

function code(text: string): string {
  const shown = text === '' ? '(none)' : oneLine(text);
  return shown.includes('`') ? `\`\` ${shown} \`\`` : `\`${shown}\``;
}

function fence(text: string, language = ''): string {
  const shown = tailOf(sanitiseText(text).trimEnd(), MOST_STREAM);
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(match => match[0].length));
  const marks = '`'.repeat(longest + 1);
  return `${marks}${language}\n${shown}\n${marks}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
