import { DeckhandError } from '../core/deckhand-error.ts';

/** How many tasks may run at once: in all, on one host, and on hosts with a number of their own. */
export interface Limits {
  readonly total: number;
  readonly perHost: number;
  readonly hosts: Readonly<Record<string, number>>;
}

export const DEFAULT_LIMITS: Limits = { total: 64, perHost: 8, hosts: {} };
const LARGEST = 10_000;

/** `limits` with `change` laid over it. Throws `input.invalid` naming the field. A host's 0 keeps it from any work. */
export function changedLimits(limits: Limits, change: Partial<Limits>): Limits {
  if (change.total !== undefined) check('total', change.total, 1);
  if (change.perHost !== undefined) check('perHost', change.perHost, 1);
  for (const [host, value] of Object.entries(change.hosts ?? {})) check(`hosts.${host}`, value, 0);
  return {
    total: change.total ?? limits.total,
    perHost: change.perHost ?? limits.perHost,
    hosts: { ...limits.hosts, ...change.hosts },
  };
}

function check(field: string, value: number, smallest: number): void {
  if (Number.isInteger(value) && value >= smallest && value <= LARGEST) return;
  throw new DeckhandError(
    'input.invalid',
    `${field}: ${value} is no whole number from ${smallest} to ${LARGEST}.`,
    {
      details: { field, value },
    },
  );
}
