import type { PolicyRule } from './rule-schema.ts';
import type { Segment, Verdict } from './verdict.ts';

/** Does any command of the text, or its risk, fall under the rule on one of these hosts? */
export function matchesRule(rule: PolicyRule, verdict: Verdict, hosts: readonly string[]): boolean {
  if (!hosts.some(host => onHost(rule, host))) return false;
  if (rule.risk !== undefined) return verdict.risks.includes(rule.risk);
  return verdict.segments.some(segment => matchesSegment(rule, segment));
}

/** Does the rule speak of this one command? A word that is known only when it runs is no word of a rule. */
export function matchesSegment({ command }: PolicyRule, { argv }: Segment): boolean {
  if (command === undefined || argv.length === 0) return false;
  const words = command.trim().split(/\s+/);
  const open = words.at(-1) === '...';
  const wanted = open ? words.slice(0, -1) : words;
  if (open ? argv.length < wanted.length : argv.length !== wanted.length) return false;
  return wanted.every((word, place) => matchesWord(word, argv[place] ?? null, place === 0));
}

export function onHost({ hosts }: PolicyRule, host: string): boolean {
  return hosts === undefined || hosts.some(pattern => asPattern(pattern).test(host));
}

function matchesWord(pattern: string, word: string | null, first: boolean): boolean {
  if (word === null) return false;
  // `/usr/bin/reboot` is `reboot`
  const plain = first && !pattern.includes('/') ? word.replace(/^\/(usr\/)?s?bin\//, '') : word;
  return asPattern(pattern).test(plain);
}

function asPattern(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');
}
