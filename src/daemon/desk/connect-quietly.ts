import type { Surroundings } from '../../core/task.ts';
import type { SshConnection } from '../../ssh/connection.ts';
import { NOBODY } from '../../tasks/host-access.ts';
import type { DeskParts } from './desk-parts.ts';
import { oneHost } from './one-host.ts';

/**
 * The one host that a selector names, and the shared connection to it. Nobody is asked: who looks around has connected
 * before, or is told why not. Throws `input.invalid` when it names several.
 */
export async function connectQuietly(
  { fleets }: Pick<DeskParts, 'fleets'>,
  surroundings: Surroundings,
  selector: string,
): Promise<{
  readonly name: string;
  readonly connect: (signal: AbortSignal) => Promise<SshConnection>;
}> {
  const { fleet, name } = await oneHost(fleets, surroundings, selector);
  return { name, connect: async signal => await fleet.connect(name, NOBODY, signal) };
}
