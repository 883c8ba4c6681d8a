import { maskDeep } from '../core/mask-secrets.ts';
import { oneLine } from '../core/untrusted.ts';
import type { RunRecord } from '../core/run-record.ts';

const HEAD = [
  'run',
  'host',
  'outcome',
  'changes',
  'steps',
  'steps failed',
  'corrections',
  'proofs',
  'proofs held',
  'command runs',
  'round trips',
  'error',
  'message',
  'rests on',
] as const;

/** The per-host table, one line a host (RFC 4180); a host that was not reached by the run has its name alone. */
export function renderCsv(given: RunRecord): string {
  const { task, report } = maskDeep(given);
  const rows = (report?.hosts ?? []).map(host => [
    task.id,
    host.host,
    host.outcome,
    host.changed,
    host.steps.length,
    host.steps.filter(({ outcome }) => outcome === 'failed').length,
    host.steps.reduce((sum, { corrections }) => sum + corrections.length, 0),
    host.proofs.length,
    host.proofs.filter(({ holds }) => holds).length,
    host.commandRuns.length,
    host.roundTrips,
    host.error?.code ?? '',
    host.error?.message ?? '',
    [...new Set(host.proofs.map(({ commandRunId }) => commandRunId))].join(' '),
  ]);
  const reached = new Set(rows.map(([, host]) => host));
  const missing = task.hosts.filter(host => !reached.has(host));
  const others = missing.map(host => [task.id, host, task.state, ...HEAD.slice(3).map(() => '')]);
  return [HEAD, ...rows, ...others].map(row => `${row.map(cell).join(',')}\r\n`).join('');
}

/** A text that a spreadsheet would compute gets a quote before it. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = oneLine(value);
  const plain = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
