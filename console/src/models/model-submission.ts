import type { Submission } from 'deckhand/client';
import { HERE } from '../engine/api.ts';

/** In the place of a host: the daemon's own machine, whose tasks are of kinds of their own. */
const LOCAL = 'local';

/** A task about a model server, wherever it is. */
export function modelSubmission(
  kind: string,
  hosts: string,
  params: Readonly<Record<string, unknown>>,
): Submission {
  return hosts.trim() === LOCAL
    ? { kind: `${kind}-here`, params, surroundings: HERE }
    : { kind, hosts, params, surroundings: HERE };
}
