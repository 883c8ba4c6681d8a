import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { showEndpoint } from '../../core/endpoint.ts';
import { isKeyRefused } from '../adapters/openai-compatible.ts';
import type { AskEngine, EngineAdapter, Readiness } from '../engine.ts';
import { allWithin, ANSWER_LIMIT, engineHttp, LOOK_LIMIT, within } from '../engine-http.ts';
import { generate } from '../generate.ts';
import { kindOf } from './kinds/kind-of.ts';
import type { Layout } from './layout.ts';
import { judgeListeners, type Listeners } from './listeners.ts';
import type { Release } from './release.ts';
import { connectionsScript, heardScript, listenersScript } from './scripts.ts';
import type { Site } from './site.ts';
import { failureOf, knownFailure } from './failure.ts';
import { hasEnded, isOver, type ReleaseStatus, releaseStatus } from './status.ts';

/** Milliseconds without any sign that it gets on. */
const PATIENCE = 60_000;
/** Milliseconds between looks at the engine, growing; and between looks at its process. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 500;
const PROCESS_PAUSE = 400;
const LOG_LINES = 60;
const TRIED_TOKENS = 8;

export interface VerifyPlace {
  readonly site: Site;
  readonly layout: Layout;
  readonly release: Release;
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How the server of a release is spoken to. */
export function adapterOf(release: Pick<Release, 'kind' | 'probe'>): EngineAdapter {
  return kindOf(release.kind).adapter(release);
}

/** How to speak to one release; the key is read from the target when it is needed. */
export function askRelease({ site, release, signal }: VerifyPlace, key: string | undefined): AskEngine {
  const http = engineHttp(async dialSignal => await site.dial(release.listen, dialSignal));
  return { http, key: release.guarded ? key : undefined, signal };
}

/**
 * Waits until the engine serves. It may take as long as it gets on: only an end that its log explains, one after
 * which nobody begins it again, or 60 seconds in which nothing of it grew, end the wait. Throws what its log says,
 * `engine.crash-loop`, or `engine.loading-timeout`.
 */
export async function waitUntilReady(place: VerifyPlace): Promise<Readiness> {
  const { clock, signal } = place;
  const ask = within(askRelease(place, undefined), LOOK_LIMIT);
  let pause = FIRST_PAUSE;
  let lookedAt = clock.monotonic();
  let grewAt = clock.monotonic();
  let growth = '';
  // seen to listen by its host, though we were refused: refused once more, it is the SSH server that refuses
  let isHeard = false;
  for (;;) {
    const readiness = await readinessOf(place, ask);
    if (readiness === 'ready' || readiness === 'sleeping') return readiness;
    const refused = readiness instanceof DeckhandError ? readiness : null;
    if (refused !== null && isHeard) throw walledOff(place, refused);
    await clock.sleep(pause, signal);
    pause = Math.min(pause * 1.5, LONGEST_PAUSE);
    const now = clock.monotonic();
    if (now - lookedAt < PROCESS_PAUSE) continue;
    lookedAt = now;
    isHeard = refused !== null && (await heardThere(place));
    const status = await statusOf(place);
    if (hasEnded(status)) {
      // what the log names is so at every start; anything else may be over with the next one
      const about = { ...place, adapter: adapterOf(place.release) };
      const known = knownFailure(about, status);
      if (known !== null || isOver(status)) throw known ?? failureOf(about, status);
    }
    if (status.growth !== growth) grewAt = now;
    growth = status.growth;
    if (now - grewAt > PATIENCE) throw await stuck(place, status);
  }
}

/** Where it listens instead is the most likely reason, and is said. */
async function stuck(place: VerifyPlace, status: ReleaseStatus): Promise<DeckhandError> {
  const { site, name, release } = place;
  const seen = await listenersOf(place);
  const elsewhere =
    seen === null || seen.isThere || seen.all.length === 0
      ? ''
      : `; it listens on ${seen.all.join(', ')}, and not on ${showEndpoint(release.listen)}`;
  return new DeckhandError(
    'engine.loading-timeout',
    `${site.name}: the engine of ${name} has not moved for ${PATIENCE / 1000} seconds${elsewhere}.`,
    { details: { log: status.log } },
  );
}

async function listenersOf({ site, layout, name, release, signal }: VerifyPlace): Promise<Listeners | null> {
  const { output } = await site.run(listenersScript(layout, name, release), { signal });
  return judgeListeners(output, release.listen);
}

/** Given back and not thrown: a refused connection, of an engine that does not listen yet, or of a server that denies it. */
async function readinessOf({ release }: VerifyPlace, ask: AskEngine): Promise<Readiness | DeckhandError> {
  try {
    return await adapterOf(release).readiness(ask);
  } catch (thrown) {
    const error = toDeckhandError(thrown);
    if (error.code === 'engine.down') return 'starting';
    if (error.code === 'tunnel.target-refused' || error.code === 'tunnel.forward-denied') return error;
    throw error;
  }
}

/** It listens, as the target itself sees it. */
async function heardThere({ site, release, signal }: VerifyPlace): Promise<boolean> {
  return (await site.run(heardScript(release), { signal })).exitCode === 0;
}

function walledOff({ site, release: { listen } }: VerifyPlace, cause: DeckhandError): DeckhandError {
  const option = 'path' in listen ? 'AllowStreamLocalForwarding' : 'AllowTcpForwarding';
  return new DeckhandError(
    'tunnel.forward-denied',
    `${site.name}: the engine listens on ${showEndpoint(listen)}, and the SSH server does not lead there.`,
    { cause, hint: `Set ${option} yes in its sshd_config.`, details: { host: site.name } },
  );
}

async function statusOf({ site, layout, release, name, signal }: VerifyPlace): Promise<ReleaseStatus> {
  return await releaseStatus(site, layout, { name, release: release.id, lines: LOG_LINES, signal });
}

/** What the proof of a release showed. */
export interface Verified {
  /** What the model said; empty: a server that lists no models was not asked. */
  readonly answer: string;
  /** As the server says it; empty: it does not. */
  readonly version: string;
  readonly warnings: readonly string[];
}

/**
 * Proves that what was started serves what it should, to whom it should: it listens where it is asked, its name, no
 * answer without the key, one real generation, no listener beyond the loopback.
 */
export async function verify(place: VerifyPlace, key: string): Promise<Verified> {
  const { site, name, release } = place;
  const ask = within(askRelease(place, key), ANSWER_LIMIT);
  const adapter = adapterOf(release);
  const [models, version] = await Promise.all([
    servedNames(place, ask),
    release.version === '' ? adapter.detect(ask).then(found => found?.version ?? '') : release.version,
    checkGuard(place, ask),
    checkListeners(place),
  ]);
  if (models === null)
    return {
      answer: '',
      version,
      warnings: [
        `${site.name}: ${name} answers its probe, and lists no models, so that nobody can chat with it`,
      ],
    };
  const { text } = await generate(ask, adapter.endpoints.chat, { model: name, tokens: TRIED_TOKENS });
  return { answer: text, version, warnings: [] };
}

/** Null: it has no list of models, and need not. */
async function servedNames(
  { site, name, release }: VerifyPlace,
  ask: AskEngine,
): Promise<readonly string[] | null> {
  const adapter = adapterOf(release);
  if (release.kind === 'command' && !(await listsModels(adapter, ask))) return null;
  const models = await adapter.models(ask);
  if (models.length === 0) throw failed(site, 'engine.no-model', `the engine of ${name} serves no model`);
  if (!models.includes(name) && !models.includes(`${name}:latest`))
    throw failed(site, 'engine.failed', `the engine serves ${models.slice(0, 10).join(', ')}, not ${name}`);
  return models;
}

async function listsModels({ endpoints }: EngineAdapter, { http, key, signal }: AskEngine): Promise<boolean> {
  const { status } = await http({ method: 'GET', path: endpoints.models, key, signal });
  return status !== 404;
}

async function checkGuard({ site, name, release }: VerifyPlace, { http, signal }: AskEngine): Promise<void> {
  if (!release.guarded) return;
  const { method, path } = kindOf(release.kind).guarded;
  const { status } = await http({ method, path, signal, ...(method === 'POST' ? { body: {} } : {}) });
  if (!isKeyRefused(status))
    throw failed(site, 'engine.open', `the engine of ${name} answered ${status} without a key`);
}

/** Another program at the same port would answer as well, and prove nothing. */
async function checkListeners(place: VerifyPlace): Promise<void> {
  const { site, name, release } = place;
  const seen = await listenersOf(place);
  if (seen === null) return;
  if (seen.beyond.length > 0)
    throw failed(
      site,
      'engine.open',
      `the engine of ${name} listens beyond the host itself: ${seen.beyond.join(', ')}`,
    );
  if (!seen.isThere)
    throw failed(
      site,
      'engine.failed',
      `what answers at ${showEndpoint(release.listen)} is not the engine that was started for ${name}, which listens on ${seen.all.join(', ') || 'nothing'}`,
    );
}

function failed(
  site: Site,
  code: 'engine.no-model' | 'engine.open' | 'engine.failed',
  text: string,
): DeckhandError {
  return new DeckhandError(code, `${site.name}: ${text}.`, { details: { host: site.name } });
}

/** Waits until no request is being worked on, or none is connected where a server does not tell; at most `limit` milliseconds. */
export async function drain(place: VerifyPlace, key: string, limit: number): Promise<void> {
  // one that takes its time to say what it works on is not idle: no look ends earlier than the wait
  const ask = allWithin(askRelease(place, key), limit);
  const until = place.clock.monotonic() + limit;
  while (place.clock.monotonic() < until) {
    const told = await adapterOf(place.release)
      .busy(ask)
      .catch(() => 0);
    const busy = told ?? (await connectionsTo(place));
    if (busy === 0) return;
    await place.clock.sleep(100, place.signal);
  }
}

/** As the target itself counts them; 0 where it cannot. */
async function connectionsTo({ site, release, signal }: VerifyPlace): Promise<number> {
  const { output } = await site.run(connectionsScript(release), { signal });
  return Number(output.trim()) || 0;
}
