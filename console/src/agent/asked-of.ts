import type { Approval, PlanPreview } from 'deckhand/client';

/** What an approval covers, as its card shows it. */
export interface Asked {
  readonly commands: NonNullable<PlanPreview['commands']>;
  readonly hosts: readonly string[];
  readonly doubts: readonly string[];
  readonly difference: readonly string[];
}

/**
 * From the plan that is shown where it is the very one that is asked about; otherwise, as while the events of a new plan
 * are on their way, from what was kept with the question. Pure.
 */
export function askedOf(
  { hash, about }: Pick<Approval, 'hash' | 'about'>,
  preview: PlanPreview | null,
): Asked {
  if (preview?.hash === hash) {
    const { commands = [], hosts, doubts = [], difference = [] } = preview;
    return { commands, hosts: hosts.map(({ host }) => host), doubts, difference };
  }
  return {
    commands: (about['commands'] ?? []) as Asked['commands'],
    hosts: textsOf(about, 'hosts'),
    doubts: textsOf(about, 'doubts'),
    difference: textsOf(about, 'difference'),
  };
}

function textsOf(about: Approval['about'], name: string): readonly string[] {
  const found = about[name];
  return Array.isArray(found) ? found.map(String) : [];
}
