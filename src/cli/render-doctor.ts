import type { DoctorFinding } from '../api/contract.ts';
import { groupBy, oneLine } from './layout.ts';
import type { Style } from './style.ts';

/** Findings by subject, each with the way out when there is one. */
export function renderDoctor(findings: readonly DoctorFinding[], style: Style): string {
  const groups = groupBy(findings, finding => finding.subject);
  const bad = findings.filter(finding => finding.status === 'fail').length;
  const doubtful = findings.filter(finding => finding.status === 'warn').length;
  const parts = groups.map(group => renderSubject(group, style));
  const verdict =
    bad > 0
      ? style.bad(`${bad} failed`)
      : doubtful > 0
        ? style.warning('works, with warnings')
        : style.good('all well');
  return `${parts.join('')}${verdict}: ${findings.length} checked, ${doubtful} to look at\n`;
}

function renderSubject(findings: readonly DoctorFinding[], style: Style): string {
  const lines = [style.strong(oneLine(findings[0]?.subject ?? ''))];
  for (const finding of findings) {
    lines.push(`  ${mark(finding.status, style)} ${oneLine(finding.message)} ${style.faint(finding.id)}`);
    if (finding.fix !== null) lines.push(`      fix: ${oneLine(finding.fix)}`);
  }
  return `${lines.join('\n')}\n`;
}

function mark(status: DoctorFinding['status'], style: Style): string {
  if (status === 'ok') return style.good('✓');
  return status === 'warn' ? style.warning('!') : style.bad('✗');
}
