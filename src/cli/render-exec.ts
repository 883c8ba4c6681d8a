import type { ExecHostResult } from '../api/contract.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { groupBy, hostNames, oneLine, table } from './layout.ts';
import type { Style } from './style.ts';

/** Results of several hosts, identical ones folded (messages name their host, so only their codes count): `web-1, web-2 (2 hosts): ok` and the output once. */
export function renderExec(results: readonly ExecHostResult[], style: Style, sanitise: boolean): string {
  const groups = groupBy(results, resultKey);
  const ordered = [...groups.filter(isFine), ...groups.filter(group => !isFine(group))];
  return ordered.map(group => renderGroup(group, style, sanitise)).join('');
}

/** Who failed and why, one line each; empty when nobody did. */
export function renderFailures(results: readonly ExecHostResult[], style: Style): string {
  const failed = results.filter(result => result.verdict !== 'succeeded');
  if (failed.length === 0) return '';
  const rows = failed.map(result => [style.bad(oneLine(result.host)), verdictOf(result), reasonOf(result)]);
  return `${style.strong(`failed on ${failed.length} of ${results.length}`)}\n${table(rows, '  ')}\n`;
}

function isFine(group: readonly ExecHostResult[]): boolean {
  return group[0]?.verdict === 'succeeded';
}

function resultKey(result: ExecHostResult): string {
  const code = result.error?.code ?? '';
  const bytes = [result.stdout, result.stderr].map(part => Buffer.from(part).toString('latin1'));
  return JSON.stringify([result.verdict, result.exitCode, result.signal, code, ...bytes]);
}

function renderGroup(group: readonly ExecHostResult[], style: Style, sanitise: boolean): string {
  const [first] = group;
  if (!first) return '';
  const paint = first.verdict === 'succeeded' ? style.good : style.bad;
  const head = `${style.strong(hostNames(group.map(result => result.host)))}: ${paint(verdictOf(first))}\n`;
  const text = (bytes: Uint8Array): string => {
    const decoded = new TextDecoder().decode(bytes);
    return ensureNewline(sanitise ? sanitiseText(decoded) : decoded);
  };
  const errors = text(first.stderr);
  const cut = first.truncated
    ? style.warning(`[cut: ${first.stdoutBytes} bytes of stdout, ${first.stderrBytes} of stderr]\n`)
    : '';
  return head + text(first.stdout) + (errors === '' ? '' : style.faint('stderr:\n') + errors) + cut;
}

function ensureNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** `ok`, `exit 2`, `killed by KILL`, `unknown`, or the error's code. */
export function verdictOf(result: ExecHostResult): string {
  if (result.verdict === 'succeeded') return 'ok';
  if (result.verdict === 'failed' && result.exitCode !== null) return `exit ${result.exitCode}`;
  if (result.error) return result.error.code;
  if (result.verdict === 'killed') return `killed by ${oneLine(result.signal ?? 'a signal')}`;
  return result.verdict;
}

function reasonOf(result: ExecHostResult): string {
  if (result.error && result.verdict !== 'failed') return oneLine(result.error.message);
  const lines = sanitiseText(new TextDecoder().decode(result.stderr)).trimEnd().split('\n');
  return oneLine(lines.at(-1) ?? '');
}
