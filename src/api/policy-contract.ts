import type { Surroundings } from '../core/task.ts';

/** One rule of the policy, as it is kept. */
export interface PolicyRuleView {
  readonly name: string;
  readonly decision: 'deny' | 'ask' | 'allow';
  /** The words it speaks of; null: it speaks of a risk. */
  readonly command: string | null;
  readonly risk: string | null;
  /** Names of hosts, with `*`; null: all. */
  readonly hosts: readonly string[] | null;
  readonly why: string;
  /** For `allow`: the worst class it lets through. */
  readonly upTo: string;
}

export interface PolicyRulesView {
  /** Null: no file of rules is named by the settings. */
  readonly file: string | null;
  /** Why the file cannot be read, and so everything is refused. */
  readonly broken: string | null;
  readonly rules: readonly PolicyRuleView[];
}

/** A rule of a person's that lets a command run unasked from now on. It takes no risk that has a name. */
export interface AllowRule {
  /** Words, `*` for any part of one, `...` at the end for any further ones. */
  readonly command: string;
  /** Names of hosts, with `*`. */
  readonly hosts: readonly string[];
  readonly why: string;
  readonly upTo: 'change' | 'unknown';
  /** A command it has to match: the one that was asked about. */
  readonly example: string;
}

export interface PolicyApi {
  /** The rules that hold where the asker stands. */
  policyRules(surroundings: Surroundings): Promise<PolicyRulesView>;
  /**
   * Adds rules to the file that the settings name, or makes one beside the account's settings file: all or none,
   * comments kept. A deny still stands above them. Throws `input.invalid` (too wide, does not match its example, the
   * rules are a project's), `policy.rules-invalid` (the file was broken before).
   */
  addAllowRules(
    surroundings: Surroundings,
    rules: readonly AllowRule[],
  ): Promise<{ readonly file: string; readonly names: readonly string[] }>;
}
