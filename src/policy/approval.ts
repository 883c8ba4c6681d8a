import { createHash } from 'node:crypto';
import { canonicalText } from '../shell/canonical.ts';
import { readShell } from '../shell/read-script.ts';
import type { Risk, Verdict } from './verdict.ts';

/** A yes of a person: to one meaning, for some uses, until a time. */
export interface CommandApproval {
  /** Of `meaningHash`, or its beginning (12 digits at least). */
  readonly hash: string;
  /** Risks that were named when it was given. */
  readonly risks: readonly Risk[];
  /** Uses left. */
  readonly uses: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

const SHORTEST_HASH = 12;

/**
 * SHA-256 over hosts, decoded commands and effects: equal for texts that are only quoted or spaced differently,
 * different when a host, a word, an operator or an effect is. Opaque texts count byte by byte.
 */
export function meaningHash(hosts: readonly string[], text: string, verdict: Verdict): string {
  const effects = verdict.effects.map(({ kind, subject }) => `${kind} ${subject}`).sort();
  const meaning = {
    hosts: [...hosts].sort(),
    text: canonicalText(readShell(text), text),
    effects,
    risks: verdict.risks,
  };
  return createHash('sha256').update(JSON.stringify(meaning)).digest('hex');
}

export type ApprovalUse =
  | { readonly covered: true; readonly left: CommandApproval }
  | { readonly covered: false; readonly why: string };

/** Uses an approval once, if it covers this meaning with its risks now. */
export function useApproval(
  approval: CommandApproval,
  hash: string,
  risks: readonly Risk[],
  now: number,
): ApprovalUse {
  const no = (why: string): ApprovalUse => ({ covered: false, why });
  if (approval.hash.length < SHORTEST_HASH || !hash.startsWith(approval.hash))
    return no('it is for another command or host');
  if (now >= approval.expires) return no('it has expired');
  if (approval.uses < 1) return no('it is used up');
  const unnamed = risks.filter(risk => !approval.risks.includes(risk));
  if (unnamed.length > 0) return no(`it does not name ${unnamed.join(', ')}`);
  return { covered: true, left: { ...approval, uses: approval.uses - 1 } };
}
