import { DeckhandError } from '../../core/deckhand-error.ts';
import { sanitiseText } from '../../core/untrusted.ts';
import { checked } from './run-checked.ts';
import { stopScript } from './scripts.ts';
import type { Site } from './site.ts';
import type { StartPlace } from './start-place.ts';

export interface StopPlace extends Pick<StartPlace, 'layout' | 'isRoot'> {
  readonly site: Site;
  /** Of the deployment. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Stops one release, so that nothing of it runs any more. Throws `engine.failed` naming what still does. */
export async function stopRelease(
  { site, layout, name, isRoot, signal }: StopPlace,
  id: string,
): Promise<void> {
  const left = await checked(site, stopScript(layout, name, id, isRoot), `stopping release ${id}`, signal);
  const said = sanitiseText(left).trim().slice(0, 200);
  if (said === '') return;
  const what = /^\d+$/.test(said) ? `its process ${said}` : said;
  throw new DeckhandError(
    'engine.failed',
    `${site.name}: release ${id} of ${name} could not be stopped: ${what} still runs.`,
    { details: { host: site.name, release: id } },
  );
}
