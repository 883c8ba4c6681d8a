import type { AllowRule, HostSummary, PolicyVerdict } from 'deckhand/client';
import { namesIn } from './words.ts';

/** Rules as a person writes them. Pure. */
export interface TypedRules {
  readonly commands: readonly string[];
  /** Names with commas between them. */
  readonly hosts: string;
  readonly why: string;
}

/** What would be allowed if nothing is changed: exactly what was asked about, where it was. */
export function typedRules({ always }: PolicyVerdict, hosts: readonly string[]): TypedRules {
  return {
    commands: always.map(({ command }) => command),
    hosts: hosts.join(', '),
    why: 'allowed in the console when it was asked about',
  };
}

export function rulesOf(
  { commands, hosts, why }: TypedRules,
  { always }: PolicyVerdict,
): readonly AllowRule[] {
  return always.map((rule, place) => ({
    ...rule,
    command: commands[place] ?? rule.command,
    hosts: namesIn(hosts),
    why,
  }));
}

/** Why a rule of a person's would change nothing, or should not be made by a click; null = it can be made. */
export function whyNone(verdict: PolicyVerdict): string | null {
  const { rule } = decisionOf(verdict) ?? {};
  if (typeof rule === 'string') return `the rule ${rule} asks, and an allow does not stand above it.`;
  if (verdict.always.length > 0) return null;
  const { risks, class: found } = verdict.verdict;
  if (risks.length > 0) return `it risks ${risks.join(', ')}; such a rule is written by hand.`;
  return found === 'unknown'
    ? 'its words are known only when it runs, or cannot be written as a rule.'
    : `it is ${found}; such a rule is written by hand.`;
}

/** What the policy makes of it now. */
export function outcomeText(verdict: PolicyVerdict): string {
  const now = decisionOf(verdict);
  if (!now) return '';
  if (now.decision === 'run') return 'From now on it runs unasked.';
  return `It still ${now.decision === 'ask' ? 'asks' : 'is refused'}: ${now.why}.`;
}

/** In the mode of the settings; where there is none, as a part of a plan. */
function decisionOf({ mode, decisions }: PolicyVerdict): PolicyVerdict['decisions'][number] | undefined {
  const judgedAs = mode === 'off' ? 'ask' : mode;
  return decisions.find(each => each.mode === judgedAs);
}

/** Groups that every one of these hosts is in, with all of their members. */
export function groupsOver(
  hosts: readonly string[],
  known: readonly HostSummary[],
): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>();
  for (const { name, groups } of known)
    for (const group of groups) members.set(group, [...(members.get(group) ?? []), name]);
  return new Map([...members].filter(([, names]) => hosts.every(host => names.includes(host))));
}
