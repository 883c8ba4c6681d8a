import { type ErrorTraits, row } from './row.ts';

/** What the policy does not let through. */
export const policyErrors = {
  'policy.refused': row(
    'The policy does not let this command run.',
    'refused',
    403,
    'Read why with `deckhand policy explain`; a person who may change the rules can change them.',
  ),
  'policy.needs-approval': row(
    'The policy wants a person to approve this command.',
    'approvalNeeded',
    409,
    'Read what it does, then repeat it with --approve and each --risk that the message names.',
  ),
  'policy.stopped': row(
    'All runs are stopped by a person.',
    'refused',
    409,
    'When the reason is gone: deckhand stop --clear',
  ),
  'policy.rules-invalid': row(
    'The rules of the policy cannot be read, so nothing is let through.',
    'refused',
    422,
    'Correct the file, line and rule named in the message; try it with `deckhand policy test`.',
  ),
  'audit.broken': row(
    'The audit log was changed, or a part of it is missing.',
    'failed',
    422,
    'Keep the file as it is and find out who wrote to it.',
  ),
} as const satisfies Record<string, ErrorTraits>;
