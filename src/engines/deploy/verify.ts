import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { showEndpoint } from '../../core/endpoint.ts';
import { llamaCpp } from '../adapters/llama-cpp.ts';
import type { AskEngine, Readiness } from '../engine.ts';
import { engineHttp } from '../engine-http.ts';
import { generate } from '../generate.ts';
import type { Layout } from './layout.ts';
import type { Release } from './release.ts';
import { heardScript, listenersScript } from './scripts.ts';
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

/** How to speak to one release; the key is read from the target when it is needed. */
export function askRelease({ site, release, signal }: VerifyPlace, key: string | undefined): AskEngine {
  return { http: engineHttp(async dialSignal => await site.dial(release.listen, dialSignal)), key, signal };
}

/**
 * Waits until the engine serves. It may take as long as it gets on: only an end that its log explains, one after
 * which nobody begins it again, or 60 seconds in which nothing of it grew, end the wait. Throws what its log says,
 * `engine.crash-loop`, or `engine.loading-timeout`.
 */
export async function waitUntilReady(place: VerifyPlace): Promise<Readiness> {
  const { clock, signal, name } = place;
  const ask = askRelease(place, undefined);
  let pause = FIRST_PAUSE;
  let lookedAt = clock.monotonic();
  let grewAt = clock.monotonic();
  let growth = '';
  // seen to listen by its host, though we were refused: refused once more, it is the SSH server that refuses
  let isHeard = false;
  for (;;) {
    const readiness = await readinessOf(ask);
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
      const known = knownFailure(place, status);
      if (known !== null || isOver(status)) throw known ?? failureOf(place, status);
    }
    if (status.growth !== growth) grewAt = now;
    growth = status.growth;
    if (now - grewAt > PATIENCE)
      throw new DeckhandError(
        'engine.loading-timeout',
        `${place.site.name}: the engine of ${name} has not moved for ${PATIENCE / 1000} seconds.`,
        { details: { log: status.log } },
      );
  }
}

/** Given back and not thrown: a refused connection, of an engine that does not listen yet, or of a server that denies it. */
async function readinessOf(ask: AskEngine): Promise<Readiness | DeckhandError> {
  try {
    return await llamaCpp.readiness(ask);
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

/**
 * Proves that it serves what it should, to whom it should: its name, no answer without the key, one real
 * generation, no listener beyond the loopback. Gives what the model said.
 */
export async function verify(place: VerifyPlace, key: string): Promise<string> {
  const { site, name } = place;
  const ask = askRelease(place, key);
  const fail = (code: 'engine.no-model' | 'engine.open' | 'engine.failed', text: string): DeckhandError =>
    new DeckhandError(code, `${site.name}: ${text}.`, { details: { host: site.name } });
  const [models, withoutKey, status] = await Promise.all([
    llamaCpp.models(ask),
    ask.http({ method: 'GET', path: '/props', signal: ask.signal }),
    statusOf(place),
  ]);
  if (models.length === 0) throw fail('engine.no-model', `the engine of ${name} serves no model`);
  if (!models.includes(name))
    throw fail('engine.failed', `the engine serves ${models.join(', ')}, not ${name}`);
  if (withoutKey.status !== 401)
    throw fail('engine.open', `the engine of ${name} answered ${withoutKey.status} without a key`);
  if (status.pid !== null) {
    const { output } = await site.run(listenersScript(status.pid), { signal: place.signal });
    if (output.trim() !== '')
      throw fail('engine.open', `the engine of ${name} listens beyond the host itself: ${output.trim()}`);
  }
  const { text } = await generate(ask, llamaCpp.endpoints.chat, { model: name, tokens: TRIED_TOKENS });
  return text;
}

/** Waits until no request is being worked on, at most `limit` milliseconds. */
export async function drain(place: VerifyPlace, key: string, limit: number): Promise<void> {
  const ask = askRelease(place, key);
  const until = place.clock.monotonic() + limit;
  while (place.clock.monotonic() < until) {
    const busy = await llamaCpp.busy(ask).catch(() => 0);
    if (busy === 0 || busy === null) return;
    await place.clock.sleep(100, place.signal);
  }
}
