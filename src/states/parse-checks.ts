import { batchName, type CheckItem } from './compile-checks.ts';
import { readProbe } from './probe.ts';
import { kindOf } from './registry.ts';
import { factOf, type Facts, type Observation, undecided } from './state-kind.ts';
import { sanitiseText } from '../core/untrusted.ts';

/**
 * One observation per item, by id, from the output of `compileChecks(items, marker)`. Whatever is
 * not framed by the marker is ignored; an item without its end record could not be decided.
 */
export function parseChecks(
  stdout: Uint8Array,
  marker: string,
  items: readonly CheckItem[],
): Map<string, Observation> {
  const records = readRecords(stdout, marker);
  return new Map(items.map((item, index) => [item.id, observeItem(item, index, records)]));
}

function observeItem(item: CheckItem, index: number, records: ReadonlyMap<string, Facts>): Observation {
  const batched = 'state' in item && kindOf(item.state).checkAll !== undefined;
  const facts = records.get(batched ? batchName(item.state.kind) : String(index));
  if (!facts || factOf(facts, '.') === undefined) return undecided('The check did not finish.');
  if ('state' in item) return kindOf(item.state).judge(item.state, facts);
  const probe = readProbe(factOf(facts, 'check'));
  if (probe.holds === null) return undecided(probe.evidence);
  return {
    holds: probe.holds,
    diff: probe.holds ? [] : [{ field: 'check', before: 'does not hold', after: item.check.title }],
    detail: sanitiseText(probe.evidence),
  };
}

/** Facts by item. Lines: `MARKER ITEM NAME = VALUE`, `MARKER ITEM NAME 64 BASE64`, `MARKER ITEM . CODE`. */
function readRecords(stdout: Uint8Array, marker: string): ReadonlyMap<string, Facts> {
  const records = new Map<string, Map<string, string[]>>();
  for (const line of new TextDecoder().decode(stdout).split('\n')) {
    if (!line.startsWith(`${marker} `)) continue;
    const match = /^\S+ (\S+) (\S+) ?(.*)$/s.exec(line);
    const [, item = '', name = '', rest = ''] = match ?? [];
    const facts = records.get(item) ?? new Map<string, string[]>();
    records.set(item, facts);
    const values = facts.get(name) ?? [];
    facts.set(name, values);
    values.push(decodeValue(rest));
  }
  return records;
}

function decodeValue(rest: string): string {
  if (rest.startsWith('64 ')) return Buffer.from(rest.slice(3), 'base64').toString('utf8');
  return rest.startsWith('= ') ? rest.slice(2) : rest;
}
