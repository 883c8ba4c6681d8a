import { DeckhandError } from '../../core/deckhand-error.ts';
import { quote } from '../../shell/quote.ts';
import type { Layout } from './layout.ts';
import { type Release, releaseSchema } from './release.ts';
import type { Site } from './site.ts';

/** Runs a script that must succeed; gives what it printed. Throws `engine.failed`, `host.disk-full`. */
export async function checked(
  site: Site,
  script: string,
  doing: string,
  signal: AbortSignal,
): Promise<string> {
  const { exitCode, output, errors } = await site.run(script, { signal });
  if (exitCode === 0) return output;
  const said = errors.trim().split('\n').at(-1) ?? '';
  throw new DeckhandError(
    /No space left/.test(errors) ? 'host.disk-full' : 'engine.failed',
    `${site.name}: ${doing} failed (exit code ${exitCode})${said === '' ? '' : `: ${said}`}.`,
    { details: { host: site.name, exitCode } },
  );
}

/** The key of a deployment, read over the connection and kept nowhere. */
export async function readKey(site: Site, layout: Layout, signal: AbortSignal): Promise<string> {
  return keyIn(site, layout, await checked(site, `cat ${quote(layout.key)}`, 'reading the key', signal));
}

/** The key in what was printed. Throws `engine.key-rejected`; what was printed is in no message. */
export function keyIn(site: Site, layout: Layout, output: string): string {
  const key = output.trim();
  if (/^[0-9a-f]{48}$/.test(key)) return key;
  throw new DeckhandError(
    'engine.key-rejected',
    `${site.name}: the key in ${layout.key} is not one of ours.`,
  );
}

/** A release as it was written; null where it is not there or is not understood. */
export async function readRelease(
  site: Site,
  layout: Layout,
  id: string,
  signal: AbortSignal,
): Promise<Release | null> {
  const { output } = await site.run(`cat ${quote(`${layout.releases}/${id}/release.json`)}`, { signal });
  return parseRelease(output);
}

/** What the account on the target could have changed is checked again. */
export function parseRelease(text: string): Release | null {
  try {
    return releaseSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
