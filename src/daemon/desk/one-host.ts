import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Surroundings } from '../../core/task.ts';
import type { FleetAccess } from '../fleet-access.ts';
import type { DeskParts } from './desk-parts.ts';

/** The one host that a selector names, in the caller's fleet. Throws `input.invalid` when it names none or several. */
export async function oneHost(
  fleets: DeskParts['fleets'],
  surroundings: Surroundings,
  selector: string,
): Promise<{ readonly fleet: FleetAccess; readonly name: string }> {
  const fleet = await fleets.at(surroundings);
  const [found, ...others] = await fleet.select(selector);
  if (!found || others.length > 0) throw new DeckhandError('input.invalid', `'${selector}' is not one host.`);
  return { fleet, name: found.name };
}
