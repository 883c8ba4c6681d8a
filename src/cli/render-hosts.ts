import type { HostFacts, HostSummary, HostTest } from '../api/contract.ts';
import { showDuration } from '../core/duration.ts';
import { indent, oneLine, table } from './layout.ts';
import type { Style } from './style.ts';

/** Known hosts, one per line. */
export function renderHostList(hosts: readonly HostSummary[], style: Style): string {
  if (hosts.length === 0) return 'No hosts are known. Add one: deckhand hosts add web-1 192.0.2.10\n';
  const rows = hosts.map(host => [
    oneLine(host.name),
    oneLine(host.address ?? '-'),
    host.groups.map(group => `@${oneLine(group)}`).join(' ') || '-',
    style.faint(oneLine(host.source)),
  ]);
  return `${table([['NAME', 'ADDRESS', 'GROUPS', 'FROM'].map(title => style.strong(title)), ...rows])}\n`;
}

/** Each host with the stages of reaching it, as far as it came. */
export function renderHostTests(tests: readonly HostTest[], style: Style): string {
  return tests.map(test => renderTest(test, style)).join('');
}

function renderTest(test: HostTest, style: Style): string {
  const head = `${style.strong(oneLine(test.host))}: ${test.ok ? style.good('ok') : style.bad('failed')}\n`;
  const broken = test.stages.findIndex(stage => !stage.ok);
  const rows = test.stages.map((stage, index) => [
    stage.ok ? style.good('✓') : index === broken ? style.bad('✗') : style.faint('-'),
    stage.name,
    stage.latency === null ? '-' : showDuration(stage.latency),
    oneLine(stage.text),
  ]);
  const stages = rows.length > 0 ? `${table(rows, '  ')}\n` : '';
  const cause = test.error
    ? `  ${style.bad(test.error.code)}: ${oneLine(test.error.message)}\n  hint: ${oneLine(test.error.hint)}\n`
    : '';
  return head + stages + cause;
}

/** What is known of each host. */
export function renderFacts(hosts: readonly HostFacts[], style: Style): string {
  return hosts.map(host => renderHostFacts(host, style)).join('\n');
}

function renderHostFacts(host: HostFacts, style: Style): string {
  const name = style.strong(oneLine(host.host));
  if (host.error)
    return `${name}: ${style.bad(host.error.code)}: ${oneLine(host.error.message)}\n  hint: ${oneLine(host.error.hint)}\n`;
  if (!host.facts) return `${name}: nothing known\n`;
  return `${name} ${style.faint(`(read ${showDuration(host.age)} ago)`)}\n${indent(renderFields(host.facts), '  ')}\n`;
}

function renderFields(facts: Readonly<Record<string, unknown>>): string {
  return table(Object.entries(facts).flatMap(([name, value]) => fieldRows(name, value)));
}

/** A list of things takes a line each. */
function fieldRows(name: string, value: unknown): readonly string[][] {
  if (!Array.isArray(value) || value.length === 0 || typeof value[0] === 'string')
    return [[oneLine(name), factText(value)]];
  return value.map((entry, index) => [index === 0 ? oneLine(name) : '', factText(entry)]);
}

function factText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'string') return oneLine(value);
  if (Array.isArray(value) && value.every(entry => typeof entry === 'string'))
    return oneLine(value.join(', ')) || '-';
  if (typeof value !== 'object' || Array.isArray(value)) return oneLine(JSON.stringify(value));
  return Object.entries(value)
    .map(([name, field]) => `${oneLine(name)} ${factText(field)}`)
    .join(', ');
}
