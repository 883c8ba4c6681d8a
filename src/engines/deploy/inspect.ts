import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { EndpointState, StatusResult } from '../../core/model-params.ts';
import type { AskEngine, EngineAdapter } from '../engine.ts';
import { allWithin, askedOnce, LOOK_LIMIT } from '../engine-http.ts';
import { layoutOf } from './layout.ts';
import { probe } from './probe.ts';
import { type DeploymentRequest, NOTHING, unknownDeployment } from './rollback.ts';
import { readKey, readRelease } from './run-checked.ts';
import { failureOf } from './failure.ts';
import { isOver, type ReleaseStatus, releaseStatus } from './status.ts';
import { triedEndpoints } from '../tried-endpoints.ts';
import { adapterOf, askRelease } from './verify.ts';

type InspectRequest = Pick<DeploymentRequest, 'site' | 'name' | 'clock' | 'signal'>;

/** How a deployment is just now: its service, its process, its endpoints. Throws `model.unknown-deployment`. */
export async function inspect(request: InspectRequest): Promise<StatusResult> {
  const { site, name, clock, signal } = request;
  const facts = await probe(site, { name, ...NOTHING }, signal);
  const layout = layoutOf(facts.base, name);
  const release = facts.current === null ? null : await readRelease(site, layout, facts.current, signal);
  if (release === null) throw unknownDeployment(site, name);
  const [status, key] = await Promise.all([
    releaseStatus(site, layout, { name, release: release.id, lines: 50, signal }),
    readKey(site, layout, signal),
  ]);
  const ask = askRelease({ site, layout, release, name, clock, signal }, key);
  const adapter = adapterOf(release);
  const { isEmpty, ...seen } = await lookedAt(ask, { adapter, name, clock });
  const over = isOver(status) ? failureOf({ site, name, adapter }, status) : null;
  const silence = over ?? silenceOf(site.name, name, status, seen.endpoints);
  const problem = silence ?? (isEmpty ? servesNothing(`${site.name}/${name}`) : null);
  return {
    name,
    release: release.id,
    service: release.service,
    state: status.state,
    restarts: status.restarts,
    problem: problem === null ? null : { code: problem.code, message: problem.message, hint: problem.hint },
    pid: status.pid,
    memory: status.memory,
    ...seen,
  };
}

type Seen = Pick<StatusResult, 'readiness' | 'models' | 'abilities' | 'endpoints'>;

/** A server that is well and serves nothing: its health says nothing of that. */
export function servesNothing(server: string): DeckhandError {
  return new DeckhandError('engine.no-model', `${server} answers, and serves no model.`, {
    hint: 'Have it load a model, or look at how it is started.',
  });
}

/** All that a server says of itself, asked at once within one limit; then one word of it. */
export async function lookedAt(
  ask: AskEngine,
  { adapter, name, clock }: { readonly adapter: EngineAdapter; readonly name: string; readonly clock: Clock },
): Promise<Seen & { readonly isEmpty: boolean }> {
  const limited = allWithin(ask, LOOK_LIMIT);
  const look = { ...limited, http: askedOnce(limited.http) };
  const served = orElse(adapter.models(look), null);
  const [models, readiness, abilities, endpoints] = await Promise.all([
    served,
    orElse(adapter.readiness(look), 'failed'),
    orElse(adapter.abilities(look), null),
    triedEndpoints({
      ask,
      look,
      adapter,
      model: served.then(names => (names === null || names.length === 0 ? null : name)),
      clock,
    }),
  ]);
  ask.signal.throwIfAborted();
  const list = endpoints.find(({ path }) => path === adapter.endpoints.models);
  const isUp = list?.status === 200;
  const said = endpoints[0]?.status === null ? 'failed' : readiness;
  return {
    // all is asked at once: it may have become ready after it was asked for its models
    readiness: said === 'ready' && list?.status === 503 ? 'loading' : said,
    models: models ?? [],
    isEmpty: models?.length === 0,
    abilities: isUp && abilities !== null ? { ...abilities } : null,
    endpoints,
  };
}

/** What could not be found out is told by the endpoints. */
async function orElse<Value, Other>(work: Promise<Value>, other: Other): Promise<Value | Other> {
  return await work.catch(() => other);
}

/** A server that runs and owes an answer; null: it owes none. */
function silenceOf(
  host: string,
  name: string,
  { state }: ReleaseStatus,
  endpoints: readonly EndpointState[],
): DeckhandError | null {
  if (state !== 'active') return null;
  const silent = endpoints.filter(({ error }) => error !== undefined);
  const [first] = silent;
  if (!first?.error) return null;
  const paths = silent.map(({ path }) => path).join(', ');
  const text = `${host}: the service of ${name} is active, and ${paths} gave no answer: ${first.error.message}`;
  return new DeckhandError(first.error.code, text);
}

/** The last lines of the present release's log. Throws `model.unknown-deployment`. */
export async function lastLog(request: InspectRequest & { readonly lines: number }): Promise<string> {
  const { site, name, signal, lines } = request;
  const facts = await probe(site, { name, ...NOTHING }, signal);
  if (facts.current === null) throw unknownDeployment(site, name);
  const layout = layoutOf(facts.base, name);
  return (await releaseStatus(site, layout, { name, release: facts.current, lines, signal })).log;
}
