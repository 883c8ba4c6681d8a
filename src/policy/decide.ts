import { matchesRule, matchesSegment, onHost } from './match-rule.ts';
import { reasonSentence } from './reason-sentence.ts';
import type { PolicyRule } from './rule-schema.ts';
import { CLASSES, type CommandClass, type Verdict } from './verdict.ts';

/**
 * What may run unasked. `read-only`: what only looks, all else is refused. `ask`: what only looks, all else asks.
 * `auto`: changes too. `allow-list`: what a rule allows, all else is refused.
 */
export const POLICY_MODES = ['read-only', 'ask', 'auto', 'allow-list'] as const;
export type PolicyMode = (typeof POLICY_MODES)[number];

export interface Decision {
  readonly decision: 'run' | 'ask' | 'refuse';
  /** The rule that decided; null: the mode, or what no mode lets through. */
  readonly rule: string | null;
  /** One sentence for people. */
  readonly why: string;
}

/** Rules, or why there are none to trust: then everything is refused. */
export type RuleBook = { readonly rules: readonly PolicyRule[] } | { readonly broken: string };

/** Total and pure: the strictest of mode and rules; a deny and the class `forbidden` stand above every allow. */
export function decide(
  verdict: Verdict,
  mode: PolicyMode,
  hosts: readonly string[],
  book: RuleBook,
): Decision {
  if ('broken' in book)
    return { decision: 'refuse', rule: null, why: `the rules cannot be read: ${book.broken}` };
  const matching = book.rules.filter(rule => matchesRule(rule, verdict, hosts));
  const denied = matching.find(({ decision }) => decision === 'deny');
  if (denied) return { decision: 'refuse', rule: denied.name, why: denied.why };
  if (verdict.class === 'forbidden')
    return {
      decision: 'refuse',
      rule: null,
      why: reasonSentence(verdict.reasons[0]?.text ?? 'is never run'),
    };
  const asked = matching.find(({ decision }) => decision === 'ask');
  if (asked && mode !== 'read-only' && mode !== 'allow-list')
    return { decision: 'ask', rule: asked.name, why: asked.why };
  const base = byMode(verdict, mode);
  if (base.decision === 'run' || mode === 'read-only') return base;
  const allows = book.rules.filter(({ decision }) => decision === 'allow');
  const allowing = allowedBy(allows, verdict, hosts, mode === 'allow-list');
  if (allowing === null) return base;
  if (asked) return { decision: 'ask', rule: asked.name, why: asked.why };
  return { decision: 'run', rule: allowing.name, why: allowing.why };
}

function byMode(verdict: Verdict, mode: PolicyMode): Decision {
  const { class: found, reasons } = verdict;
  const why = reasons[0] ? reasonSentence(reasons[0].text) : 'it only looks';
  const decision = ((): Decision['decision'] => {
    switch (mode) {
      case 'read-only':
        return found === 'read-only' ? 'run' : 'refuse';
      case 'ask':
        return found === 'read-only' ? 'run' : 'ask';
      case 'auto':
        return atMost(found, 'change') && verdict.risks.length === 0 ? 'run' : 'ask';
      case 'allow-list':
        return 'refuse';
    }
  })();
  return { decision, rule: null, why: mode === 'allow-list' ? 'no rule allows all of it' : why };
}

/** The rule that allows it, when every command in it is allowed on every host; else null. */
function allowedBy(
  allows: readonly PolicyRule[],
  verdict: Verdict,
  hosts: readonly string[],
  looksToo: boolean,
): PolicyRule | null {
  if (verdict.outside !== 'read-only' || verdict.segments.length === 0) return null;
  let first: PolicyRule | null = null;
  for (const segment of verdict.segments) {
    const harmless = segment.own === 'read-only' && (segment.wraps || !looksToo);
    if (harmless) continue;
    const rule = allows.find(
      one =>
        matchesSegment(one, segment) &&
        hosts.every(host => onHost(one, host)) &&
        atMost(segment.own, one.upTo) &&
        verdict.risks.every(risk => one.risks.includes(risk)),
    );
    if (!rule) return null;
    first ??= rule;
  }
  return first;
}

function atMost(found: CommandClass, limit: CommandClass): boolean {
  return CLASSES.indexOf(found) <= CLASSES.indexOf(limit);
}
