import type { Verdict } from './verdict.ts';

/** A rule that would let one command run unasked from now on. */
export interface LastingRule {
  /** As in `PolicyRule`. */
  readonly command: string;
  /** The worst class it lets through. */
  readonly upTo: 'change' | 'unknown';
  /** What it has to match: the command that was asked about. */
  readonly example: string;
}

/**
 * The rules that would let exactly this run unasked, one for each command that does more than look. None where no rule
 * should be made by one click: it destroys or carries a risk, or its words are known only when it runs. Pure.
 */
export function lastingRules(verdict: Verdict): readonly LastingRule[] {
  const { class: found, risks, outside, segments } = verdict;
  if (found === 'destructive' || found === 'forbidden' || risks.length > 0 || outside !== 'read-only')
    return [];
  const rules = new Map<string, LastingRule>();
  for (const { argv, own, text } of segments) {
    if (own === 'read-only') continue;
    const words = argv.filter(word => word !== null);
    // a pattern is words between spaces, in which `*` stands for anything
    const isExact = words.length === argv.length && words.every(word => /^[^\s*]+$/.test(word));
    if (!isExact || words.length === 0 || words.at(-1) === '...') return [];
    const command = words.join(' ');
    rules.set(command, { command, upTo: own === 'change' ? 'change' : 'unknown', example: text });
  }
  return [...rules.values()];
}

/** Why such a rule would let through more than a person meant; null = it does not. Pure. */
export function lastingRuleFault({ command, upTo }: LastingRule): string | null {
  const words = command.trim().split(/\s+/);
  const isWide = (word: string | undefined): boolean => word === '...' || word?.includes('*') === true;
  if (isWide(words[0])) return 'it must name a program: with * in its place anything would run';
  if (upTo === 'unknown' && words.some(isWide))
    return 'what nobody can judge beforehand is allowed word for word, without * or ...';
  return null;
}

/** A name for a rule that is not taken: `always-systemctl-restart-nginx`. Pure. */
export function lastingRuleName(command: string, taken: ReadonlySet<string>): string {
  const words = command
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  const name = `always-${words}`.slice(0, 56).replace(/-+$/, '');
  if (!taken.has(name)) return name;
  for (let number = 2; ; number += 1) if (!taken.has(`${name}-${number}`)) return `${name}-${number}`;
}
