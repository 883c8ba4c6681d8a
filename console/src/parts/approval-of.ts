import type { DeckhandError, ErrorRecord } from 'deckhand/client';

/** A person's yes to what the policy has just asked about: bound to what it will do. */
export function approvalOf(error: DeckhandError | ErrorRecord | null): {
  readonly approval?: { readonly hash: string; readonly risks: readonly string[] };
} {
  if (error?.code !== 'policy.needs-approval') return {};
  const { hash, risks } = error.details;
  if (typeof hash !== 'string') return {};
  return { approval: { hash, risks: Array.isArray(risks) ? risks.map(String) : [] } };
}
