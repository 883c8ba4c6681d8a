import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import type { Deployment, EngineListen } from '../../core/model-params.ts';
import { quote } from '../../shell/quote.ts';
import type { ProbeFacts } from './probe.ts';
import type { Release } from './release.ts';
import { checked, keyIn, readKey, readRelease } from './run-checked.ts';
import { configureScript, startScript, switchBackScript, switchScript } from './scripts.ts';
import { stopRelease } from './stop-release.ts';
import type { Site } from './site.ts';
import { kindOf } from './kinds/kind-of.ts';
import type { StartPlace } from './start-place.ts';
import type { StepLog } from './step-log.ts';
import { askRelease, drain, type Verified, verify, type VerifyPlace, waitUntilReady } from './verify.ts';

/** Milliseconds that requests of an old release are waited for. */
const DRAIN = 30_000;
/** Milliseconds that bringing the old release back may take when nobody waits any more. */
const UNDO_LIMIT = 180_000;

/** Milliseconds after which everybody here knows that a server listens on another port. */
const LEARNED = 2_500;

export interface BringUp {
  readonly site: Site;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** As in `StepWatch`. */
  readonly cancel?: AbortSignal;
  readonly steps: StepLog;
  readonly place: StartPlace;
  readonly facts: ProbeFacts;
  /** The old release is stopped before the new one starts. */
  readonly instead: boolean;
  /** The new one is proved and current, the old one still serves: whoever knows another address must learn this one. */
  readonly onServing?: ((deployment: Deployment) => Promise<void>) | undefined;
}

/**
 * Starts a release, proves it, makes it the current one, and stops the others. When it fails or is cancelled it goes
 * again, and the old release serves as before; the error says so, or why not. Gives what was proved.
 */
export async function bringUp(wish: BringUp): Promise<Verified> {
  const { place, facts, steps, site, signal, instead } = wish;
  const { release, layout, params } = place;
  const isCurrent = facts.current === release.id;
  const isRunning = isCurrent && facts.isRunning;
  const replaced = isCurrent ? null : facts.current;
  let proved: Verified;
  let key = '';
  let releases: string;
  let wasStopped = false;
  try {
    await steps.step('start', async () => {
      key = keyIn(site, layout, await checked(site, configureScript(place), 'configuring', signal));
      if (isRunning) return [undefined, `release ${release.id} runs`, 'skipped'];
      if (instead && replaced !== null) await retire(wish, replaced, () => (wasStopped = true));
      await start(wish, place);
      return [undefined, `release ${release.id} by ${serviceText(release)}`];
    });
    proved = await steps.step('verify', async () => {
      const target = verifyPlace(wish, release);
      await waitUntilReady(target);
      if (!isRunning) await kindOf(release.kind).load(askRelease(target, key), place);
      const seen = await verify(target, key);
      const guard = release.guarded ? ', refuses whoever has no key' : '';
      return [seen, `serves ${params.name}${guard}`];
    });
    releases = await checked(site, switchScript(place), 'switching to the new release', signal);
  } catch (error) {
    if (isCurrent || wish.cancel?.aborted !== true) signal.throwIfAborted();
    if (isCurrent) throw error;
    if (!signal.aborted) throw await rolledBack(wish, { replaced, wasStopped }, toDeckhandError(error));
    const undo = { ...wish, signal: AbortSignal.timeout(UNDO_LIMIT) };
    throw await rolledBack(undo, { replaced, wasStopped }, cancelled(wish));
  }
  try {
    await tellServing(wish, proved);
    await retireOthers(wish, releases);
  } catch (error) {
    throw wish.cancel?.aborted === true
      ? cancelled(wish, `, but release ${release.id} serves already`)
      : error;
  }
  return proved;
}

async function tellServing(wish: BringUp, { version }: Verified): Promise<void> {
  const { site, place, facts, clock, signal, onServing } = wish;
  if (!onServing) return;
  await onServing(deploymentOf(place, facts, { host: site.name, version, now: clock.now() }));
  // a socket has the same name in every release, a port has another number
  const isElsewhere = 'port' in place.release.listen && facts.current !== place.release.id;
  if (isElsewhere && facts.isRunning) await clock.sleep(LEARNED, signal);
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
async function retireOthers(wish: BringUp, names: string): Promise<void> {
  const { release } = wish.place;
  for (const id of names.split('\n').filter(name => /^[0-9a-f]+$/.test(name) && name !== release.id))
    await retire(wish, id);
}

/** Lets a release finish what it works on, then stops it. */
async function retire(wish: BringUp, old: string, onStop = () => {}): Promise<void> {
  const { site, signal, place } = wish;
  const { layout } = place;
  const release = await readRelease(site, layout, old, signal);
  if (release !== null) await drain(verifyPlace(wish, release), await readKey(site, layout, signal), DRAIN);
  onStop();
  await stop(wish, old);
}

async function stop({ site, signal, place: { layout, params, isRoot } }: BringUp, id: string): Promise<void> {
  await stopRelease({ site, layout, name: params.name, isRoot, signal }, id);
}

/** The release that served before, and whether its stop was begun. */
interface Before {
  readonly replaced: string | null;
  readonly wasStopped: boolean;
}

/** The error with what serves now, in words. */
async function rolledBack(
  wish: BringUp,
  { replaced, wasStopped }: Before,
  error: DeckhandError,
): Promise<DeckhandError> {
  const { site, signal, place } = wish;
  const { layout, release } = place;
  const words = error.message.replace(/\.$/, '');
  const told = (message: string, details: Readonly<Record<string, unknown>>): DeckhandError =>
    new DeckhandError(error.code, message, {
      cause: error,
      hint: error.hint,
      details: { ...error.details, ...details },
    });
  try {
    await stop(wish, release.id);
    if (replaced !== null) await broughtBack(wish, replaced, wasStopped);
    const left = [`${layout.releases}/${release.id}`, `${layout.sockets}/${release.id}.sock`];
    // an earlier release that was to serve again stays an earlier release
    if (release.id !== wish.facts.previous)
      await site.run(`rm -rf -- ${left.map(quote).join(' ')}`, { signal });
  } catch (thrown) {
    const why = toDeckhandError(thrown).message;
    if (replaced === null || !wasStopped)
      return told(`${words}, and what it left could not be removed: ${why}`, {});
    return told(`${words}, and the release before it could not be started again: ${why}`, {
      notRolledBackTo: replaced,
    });
  }
  if (replaced === null) return error;
  return told(`${words}. The release before it, ${replaced}, serves on.`, { rolledBackTo: replaced });
}

/** Also where nothing was stopped: the switch may have been made in part. */
async function broughtBack(wish: BringUp, replaced: string, wasStopped: boolean): Promise<void> {
  const { site, signal, place, facts } = wish;
  const release = await readRelease(site, place.layout, replaced, signal);
  if (release === null) {
    if (!wasStopped) return;
    throw new DeckhandError(
      'engine.failed',
      `${site.name}: what was written of release ${replaced} is lost.`,
    );
  }
  const old = { ...place, release };
  if (wasStopped) {
    // what was cut off while it stopped it looks as if it ran still
    await stop(wish, replaced);
    await start(wish, old);
  }
  await checked(site, switchBackScript(old, facts.previous), 'switching back', signal);
}

function cancelled({ site, place: { params } }: BringUp, but = ''): DeckhandError {
  const { name } = params;
  const text = `${site.name}: the deployment of ${name} was cancelled${but}.`;
  return new DeckhandError('command.cancelled', text, {
    details: { host: site.name, deployment: name },
  });
}

/** A cancelled deployment that says itself what serves now. */
export function tellsWhatServes({ code, details }: DeckhandError): boolean {
  return code === 'command.cancelled' && 'deployment' in details;
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
  seen: { readonly host: string; readonly now: number; readonly version: string },
): Deployment {
  return {
    host: seen.host,
    name: params.name,
    engine: release.kind,
    version: release.version === '' ? seen.version : release.version,
    release: release.id,
    previous: facts.current === release.id ? facts.previous : facts.current,
    model:
      release.model === null
        ? null
        : {
            sha256: release.model,
            size: release.modelSize,
            name: release.modelName,
            file: params.model?.split('/').at(-1) ?? '',
          },
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
