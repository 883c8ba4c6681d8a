import type { ModelHostResult } from '../api/contract.ts';
import type { AttachedModel } from '../core/attached-model.ts';
import type {
  BundleResult,
  Deployment,
  DeployResult,
  EndpointState,
  EngineListen,
  RemoveResult,
  StatusResult,
} from '../core/model-params.ts';
import { showDuration } from '../core/duration.ts';
import { renderError } from './error-output.ts';
import { oneLine, table } from './layout.ts';
import { showPlace } from './render-attached.ts';
import { showSize } from './sizes.ts';
import type { Style } from './style.ts';

/** What a deployment came to on each host: its steps, what it warns of, what the model said. */
export function renderDeploys(results: readonly ModelHostResult<DeployResult>[], style: Style): string {
  return results
    .map(({ host, result }) => {
      if (!result) return '';
      const { deployment, steps, warnings, answer, uploaded } = result;
      const rows = steps.map(step => [
        step.outcome === 'skipped' ? style.faint('-') : style.good('✓'),
        step.name,
        showDuration(step.duration),
        style.faint(oneLine(step.text)),
      ]);
      const told = warnings.map(warning => `  ${style.warning('!')} ${oneLine(warning)}\n`).join('');
      const head = `${style.strong(`${oneLine(host)}/${deployment.name}`)} ${style.good('serves')} (${showSize(uploaded)} sent)`;
      return `${head}\n${table(rows, '  ')}\n${told}${answer === '' ? '' : `  it says: ${oneLine(answer)}\n`}`;
    })
    .join('');
}

type ListedState = StatusResult | { readonly name: string; readonly error: string };

/** Every model server on a line; `states`: how each is now, in the same order. */
export function renderServers(
  servers: readonly (Deployment | AttachedModel)[],
  states: readonly ListedState[] | null,
  style: Style,
): string {
  if (servers.length === 0) return 'no model servers; deploy one: deckhand model deploy HOST MODEL.gguf\n';
  const rows = servers.map((each, index) => [
    style.strong(oneLine(each.name)),
    oneLine(each.host),
    ...('kind' in each ? attachedColumns(each) : deployedColumns(each)),
    ...(states === null ? [] : [showState(states[index], style)]),
  ]);
  const words = ['NAME', 'HOST', 'MODEL', 'SIZE', 'SERVICE', 'LISTENS', 'RELEASE'];
  const head = [...words, ...(states === null ? [] : ['STATE'])].map(word => style.faint(word));
  return `${table([head, ...rows])}\n`;
}

function deployedColumns(each: Deployment): readonly string[] {
  const { model, service, listen, release, engine } = each;
  const [file, size] = model === null ? [engine, '-'] : [model.file, showSize(model.size)];
  return [oneLine(file), size, service, showListen(listen), release];
}

function attachedColumns(each: AttachedModel): readonly string[] {
  const [first = '-', ...others] = each.models;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return [`${oneLine(first)}${more}`, '-', 'attached', showPlace(each), oneLine(each.engine)];
}

/** State, then milliseconds of each endpoint in its order. */
function showState(state: ListedState | undefined, style: Style): string {
  if (!state) return '-';
  if ('error' in state) return style.bad(state.error);
  const isUp = state.readiness === 'ready' || state.readiness === 'sleeping';
  const asked = state.endpoints.filter(each => each.notAsked === undefined && each.path !== '/metrics');
  const times = asked.map(({ status, latency }) => (status === 200 ? `${latency}` : `${status ?? 'none'}`));
  const word = isUp ? style.good(state.readiness) : style.bad(state.problem?.code ?? state.readiness);
  return times.length === 0 ? word : `${word} ${times.join(' / ')} ms`;
}

/** How each model server is. */
export function renderStatuses(results: readonly ModelHostResult<StatusResult>[], style: Style): string {
  return results
    .map(({ host, result }) => {
      if (!result) return '';
      const isUp = result.readiness === 'ready' || result.readiness === 'sleeping';
      const word = isUp ? style.good(result.readiness) : style.bad(result.readiness);
      const can = Object.entries(result.abilities ?? {}).flatMap(([name, has]) => (has ? [name] : []));
      const rows = [
        [
          'service',
          `${result.service ?? '-'}, ${oneLine(result.state)}${result.restarts > 0 ? `, begun again ${result.restarts} times` : ''}`,
        ],
        ['process', `${result.pid ?? '-'}, ${result.memory === null ? '-' : showSize(result.memory)}`],
        ['release', result.release ?? '-'],
        ['models', result.models.map(oneLine).join(', ') || '-'],
        ['can', can.join(', ') || '-'],
        ...result.endpoints.map(each => [each.path, showEndpoint(each)]),
      ];
      const { problem } = result;
      const told =
        problem === null
          ? ''
          : `  ${style.bad(problem.code)}: ${oneLine(problem.message)}\n  ${style.faint(oneLine(problem.hint))}\n`;
      return `${style.strong(`${oneLine(host)}/${oneLine(result.name)}`)} ${word}\n${table(rows, '  ')}\n${told}`;
    })
    .join('');
}

/** What was removed, or was not there. */
export function renderRemovals(results: readonly ModelHostResult<RemoveResult>[]): string {
  return results.map(({ result }) => (result ? `${oneLine(result.text)}\n` : '')).join('');
}

/** What is in a bundle, and where it is. */
export function renderBundle(bundle: BundleResult, style: Style): string {
  const rows = bundle.packages.map(each => [oneLine(each.name), oneLine(each.version)]);
  const head = `${bundle.path}\n${style.faint(`llama.cpp ${oneLine(bundle.version)} for ${oneLine(bundle.architecture)}, ${showSize(bundle.size)}, ${bundle.made ? 'made now' : 'from the cache'}, sha256 ${bundle.sha256}`)}`;
  return `${head}\n${table(rows, '  ')}\n`;
}

/** The errors of those that failed. */
export function renderModelProblems(results: readonly ModelHostResult<unknown>[], style: Style): string {
  return results.map(({ error }) => (error ? renderError(error, style) : '')).join('');
}

function showEndpoint({ status, latency, notAsked, error }: EndpointState): string {
  return notAsked === undefined
    ? `${status ?? `no answer, ${error?.code ?? 'engine.down'}`}, ${latency} ms`
    : `not asked: ${oneLine(notAsked)}`;
}

function showListen(listen: EngineListen): string {
  return 'path' in listen ? 'socket' : `${listen.host}:${listen.port}`;
}
