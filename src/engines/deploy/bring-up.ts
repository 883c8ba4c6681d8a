import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import type { Deployment, EngineListen } from '../../core/model-params.ts';
import { quote } from '../../shell/quote.ts';
import type { ProbeFacts } from './probe.ts';
import type { Release } from './release.ts';
import { checked, readKey, readRelease } from './run-checked.ts';
import { configureScript, startScript, stopScript, switchScript } from './scripts.ts';
import type { Site } from './site.ts';
import type { StartPlace } from './start-files.ts';
import type { StepLog } from './step-log.ts';
import { drain, verify, type VerifyPlace, waitUntilReady } from './verify.ts';

/** Milliseconds that requests of an old release are waited for. */
const DRAIN = 30_000;

export interface BringUp {
  readonly site: Site;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly steps: StepLog;
  readonly place: StartPlace;
  readonly facts: ProbeFacts;
  /** The old release is stopped before the new one starts. */
  readonly instead: boolean;
}

/**
 * Starts a release, proves it, makes it the current one, and stops the others. When it fails it goes again,
 * and the old release serves as before; the error says so. Gives what the model said.
 */
export async function bringUp(wish: BringUp): Promise<string> {
  const { place, facts, steps, site, signal, instead } = wish;
  const { release, layout, params } = place;
  const isCurrent = facts.current === release.id;
  const replaced = isCurrent ? null : facts.current;
  let answer: string;
  try {
    await steps.step('start', async () => {
      await checked(site, configureScript(place), 'configuring', signal);
      if (isCurrent && facts.isRunning) return [undefined, `release ${release.id} runs`, 'skipped'];
      if (instead && replaced !== null) await retire(wish, replaced);
      await start(wish, place);
      return [undefined, `release ${release.id} by ${serviceText(release)}`];
    });
    answer = await steps.step('verify', async () => {
      const target = verifyPlace(wish, release);
      const [key] = await Promise.all([readKey(site, layout, signal), waitUntilReady(target)]);
      const text = await verify(target, key);
      return [text, `serves ${params.name}, refuses whoever has no key`];
    });
    await checked(site, switchScript(place), 'switching to the new release', signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isCurrent) throw error;
    throw await rolledBack(wish, replaced, error);
  }
  await retireOthers(wish);
  return answer;
}

async function start({ site, signal }: BringUp, place: StartPlace): Promise<void> {
  const { exitCode, errors } = await site.run(startScript(place), { signal });
  if (exitCode === 0) return;
  // a unit whose program ended at once: its log says why, which is read while it is waited for
  if (place.release.service !== 'detached' && exitCode === 1) return;
  throw new DeckhandError(
    'engine.failed',
    `${site.name}: the engine could not be started (exit code ${exitCode}): ${errors.trim().split('\n').at(-1) ?? ''}.`,
  );
}

/** Also what a deployment that was cut off after its switch left running. */
async function retireOthers(wish: BringUp): Promise<void> {
  const { site, place, signal } = wish;
  const { layout, release } = place;
  const names = await checked(site, `ls ${quote(layout.releases)}`, 'listing releases', signal);
  for (const id of names.split('\n').filter(name => /^[0-9a-f]+$/.test(name) && name !== release.id))
    await retire(wish, id);
}

/** Lets a release finish what it works on, then stops it. */
async function retire(wish: BringUp, old: string): Promise<void> {
  const { site, signal, place } = wish;
  const { layout, params, isRoot } = place;
  const release = await readRelease(site, layout, old, signal);
  if (release !== null) await drain(verifyPlace(wish, release), await readKey(site, layout, signal), DRAIN);
  await checked(site, stopScript(layout, params.name, old, isRoot), 'stopping the old release', signal);
}

async function rolledBack(wish: BringUp, replaced: string | null, thrown: unknown): Promise<DeckhandError> {
  const error = toDeckhandError(thrown);
  const { site, signal, place, instead } = wish;
  const { layout, params, release, isRoot } = place;
  try {
    await checked(site, stopScript(layout, params.name, release.id, isRoot), 'stopping it', signal);
    const before = replaced !== null && instead ? await readRelease(site, layout, replaced, signal) : null;
    if (before !== null) {
      const old = { ...place, release: before };
      await start(wish, old);
      await checked(site, switchScript(old), 'switching back', signal);
    }
    await site.run(`rm -rf -- ${quote(`${layout.releases}/${release.id}`)}`, { signal });
  } catch {
    return error;
  }
  if (replaced === null) return error;
  return new DeckhandError(error.code, `${error.message} The release before it, ${replaced}, serves on.`, {
    cause: error,
    hint: error.hint,
    details: { ...error.details, rolledBackTo: replaced },
  });
}

function verifyPlace({ site, place, clock, signal }: BringUp, release: Release): VerifyPlace {
  return { site, layout: place.layout, name: place.params.name, clock, signal, release };
}

function serviceText({ service }: Release): string {
  return { system: 'a system service', user: "a service of the account's", detached: 'a process of its own' }[
    service
  ];
}

/** What is remembered of a release that serves. */
export function deploymentOf(
  { layout, release, params }: StartPlace,
  facts: ProbeFacts,
  seen: { readonly host: string; readonly file: string; readonly now: number },
): Deployment {
  return {
    host: seen.host,
    name: params.name,
    engine: 'llama.cpp',
    version: release.version,
    release: release.id,
    previous: facts.current === release.id ? facts.previous : facts.current,
    model: { sha256: release.model, size: release.modelSize, name: release.modelName, file: seen.file },
    context: release.context,
    service: release.service,
    folder: layout.home,
    listen: 'path' in release.listen ? { path: layout.live } : release.listen,
    keyFile: layout.key,
    params,
    deployedAt: seen.now,
  };
}

/** For people. */
export function showListen(listen: EngineListen): string {
  return 'path' in listen ? listen.path : `${listen.host}:${listen.port}`;
}
