import type { StatusResult } from '../../core/model-params.ts';
import { llamaCpp } from '../adapters/llama-cpp.ts';
import { layoutOf } from './layout.ts';
import { probe } from './probe.ts';
import { type DeploymentRequest, NOTHING, unknownDeployment } from './rollback.ts';
import { readKey, readRelease } from './run-checked.ts';
import { failureOf } from './failure.ts';
import { isOver, releaseStatus } from './status.ts';
import { triedEndpoints } from '../tried-endpoints.ts';
import { askRelease } from './verify.ts';

type InspectRequest = Pick<DeploymentRequest, 'site' | 'name' | 'clock' | 'signal'>;

/** How a deployment is just now: its service, its process, its endpoints. Throws `model.unknown-deployment`. */
export async function inspect(request: InspectRequest): Promise<StatusResult> {
  const { site, name, clock, signal } = request;
  const facts = await probe(site, { name, ...NOTHING }, signal);
  const layout = layoutOf(facts.base, name);
  const release = facts.current === null ? null : await readRelease(site, layout, facts.current, signal);
  if (release === null) throw unknownDeployment(site, name);
  const status = await releaseStatus(site, layout, { name, release: release.id, lines: 50, signal });
  const ask = askRelease({ site, layout, release, name, clock, signal }, await readKey(site, layout, signal));
  const endpoints = await triedEndpoints({ ask, adapter: llamaCpp, model: name, clock });
  const isUp = endpoints.some(each => each.path === llamaCpp.endpoints.models && each.status === 200);
  const problem = isOver(status) ? failureOf({ site, name }, status) : null;
  return {
    name,
    release: release.id,
    service: release.service,
    state: status.state,
    restarts: status.restarts,
    problem: problem === null ? null : { code: problem.code, message: problem.message, hint: problem.hint },
    pid: status.pid,
    memory: status.memory,
    readiness: endpoints[0]?.status === null ? 'failed' : await llamaCpp.readiness(ask),
    models: isUp ? await llamaCpp.models(ask) : [],
    abilities: isUp ? { ...(await llamaCpp.abilities(ask)) } : null,
    endpoints,
  };
}

/** The last lines of the present release's log. Throws `model.unknown-deployment`. */
export async function lastLog(request: InspectRequest & { readonly lines: number }): Promise<string> {
  const { site, name, signal, lines } = request;
  const facts = await probe(site, { name, ...NOTHING }, signal);
  if (facts.current === null) throw unknownDeployment(site, name);
  const layout = layoutOf(facts.base, name);
  return (await releaseStatus(site, layout, { name, release: facts.current, lines, signal })).log;
}
