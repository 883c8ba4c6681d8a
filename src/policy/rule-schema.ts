import { DeckhandError } from '../core/deckhand-error.ts';
import { z } from '../core/schema.ts';
import { readYaml } from '../core/yaml.ts';
import { judgeCommand } from './judge.ts';
import { matchesRule } from './match-rule.ts';
import { RISKS } from './verdict.ts';

const pattern = z.string().min(1).max(1000);
const examples = z.array(z.string().min(1).max(4000)).max(50).default([]);

const ruleSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'a name such as no-reboot-on-db'),
    /** What happens to a command it matches; the strictest of all matching rules counts. */
    decision: z.enum(['deny', 'ask', 'allow']),
    /** Words, `*` for any part of one, `...` at the end for any further ones: `systemctl restart app-*`. */
    command: pattern.optional(),
    /** Matches what carries this risk. */
    risk: z.enum(RISKS).optional(),
    /** Names of hosts, with `*`; absent: all. */
    hosts: z.array(z.string().min(1)).min(1).optional(),
    why: z.string().min(1).max(500),
    /** For `allow`: risks that it takes. Without them a risky command still asks. */
    risks: z.array(z.enum(RISKS)).default([]),
    /** For `allow`: the worst class it lets through. */
    upTo: z.enum(['change', 'destructive', 'unknown']).default('change'),
    match: examples,
    'not-match': examples,
  })
  .refine(({ command, risk }) => (command === undefined) !== (risk === undefined), 'give `command` or `risk`')
  .refine(
    ({ decision, command }) => decision !== 'allow' || command !== undefined,
    'an allow rule needs `command`',
  )
  .refine(({ match }) => match.length > 0, 'give at least one example under `match`');
export type PolicyRule = z.infer<typeof ruleSchema>;

const rulesFileSchema = z.strictObject({ rules: z.array(ruleSchema).max(500) });

/**
 * The rules of a YAML text, every example tried. Throws `policy.rules-invalid` naming file, line and rule; whoever
 * loads rules must then refuse everything.
 */
export function readRules(text: string, file: string): readonly PolicyRule[] {
  const yaml = readYaml(text, file, 'policy.rules-invalid');
  const read = rulesFileSchema.safeParse(yaml.value);
  if (!read.success) {
    const [issue] = read.error.issues;
    const path = issue?.path ?? [];
    throw invalid(file, yaml.lineOf(path), `${path.join('.')}: ${issue?.message ?? 'does not fit'}`);
  }
  for (const [place, rule] of read.data.rules.entries()) {
    const fault = faultOf(rule);
    if (fault !== null) throw invalid(file, yaml.lineOf(['rules', place]), `rule '${rule.name}': ${fault}`);
  }
  return read.data.rules;
}

/** The first example that a rule gets wrong. */
function faultOf(rule: PolicyRule): string | null {
  const host = rule.hosts?.[0]?.replaceAll('*', 'x') ?? 'any';
  const hits = (example: string): boolean => matchesRule(rule, judgeCommand(example), [host]);
  const missed = rule.match.find(example => !hits(example));
  if (missed !== undefined) return `it does not match its example \`${missed}\``;
  const wrong = rule['not-match'].find(hits);
  return wrong === undefined ? null : `it matches \`${wrong}\`, which is listed under not-match`;
}

function invalid(file: string, line: number, text: string): DeckhandError {
  return new DeckhandError('policy.rules-invalid', `${file}:${line}: ${text}.`, { details: { file, line } });
}
