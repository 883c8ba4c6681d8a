import { DeckhandError } from '../../core/deckhand-error.ts';
import type { DeployResult } from '../../core/model-params.ts';
import { quote } from '../../shell/quote.ts';
import { type BringUp, bringUp, deploymentOf, showListen } from './bring-up.ts';
import { type Decision, decide, mebibytes, noServiceText } from './preflight.ts';
import { type Layout, layoutOf } from './layout.ts';
import { HeldLock } from './lock.ts';
import { probe, type ProbeFacts, type ProbeWish } from './probe.ts';
import { NOTHING } from './rollback.ts';
import type { DeployPlan } from './release.ts';
import { checked } from './run-checked.ts';
import type { EngineArchive } from '../bundle/engine-archive.ts';
import { archivePath, lingerScript, tidyScript, unpackScript } from './scripts.ts';
import type { Site } from './site.ts';
import type { StartPlace } from './start-place.ts';
import { StepLog, type StepWatch } from './step-log.ts';

export interface DeployRequest extends StepWatch {
  readonly site: Site;
  readonly plan: DeployPlan;
  /** Of the task: who holds the lock. */
  readonly owner: string;
  /** Bytes of engine and model that arrived, of all that were missing. */
  readonly onBytes: (done: number, total: number, what: string) => void;
  /** As in `BringUp`. */
  readonly onServing?: BringUp['onServing'];
}

/**
 * Makes the plan true on the target, in seven steps; what is true already is skipped. The old release serves
 * until the new one was proved, where memory allows it, and serves on when the new one fails. Every step may
 * be cut off anywhere: the next call goes on from what it finds. Throws typed errors; after a failed
 * preflight nothing was changed.
 */
export async function deploy(request: DeployRequest): Promise<DeployResult> {
  return await new DeployRun(request).run();
}

class DeployRun {
  #request: DeployRequest;
  readonly #steps: StepLog;
  #uploaded = 0;

  constructor(request: DeployRequest) {
    this.#request = request;
    this.#steps = new StepLog(request);
  }

  async run(): Promise<DeployResult> {
    const { site, plan, owner, clock } = this.#request;
    const { name } = plan.params;
    let facts = await this.#steps.step('connect', async () => {
      const found = await this.#probe();
      return [found, `${found.user}@${site.name}, ${found.architecture}, ${found.processors} processors`];
    });
    let decision = await this.#steps.step('preflight', () => {
      const found = decide(site.name, facts, plan, clock.now());
      return Promise.resolve([found, preflightText(facts, plan)]);
    });
    const layout = layoutOf(facts.base, name);
    await using lock = new HeldLock({ site, layout, owner, clock, isRoot: facts.uid === 0 });
    this.#request = { ...this.#request, signal: lock.heldDuring(this.#request.signal) };
    decision = await this.#steps.step('directory', async () => {
      facts = await lock.take(this.#wish, facts, this.#request.signal);
      const again = await this.#withService(layout, facts, decide(site.name, facts, plan, clock.now()));
      return [again, facts.base];
    });
    await this.#payload(layout, facts, decision);
    const place: StartPlace = {
      layout,
      release: decision.release,
      params: plan.params,
      user: facts.user,
      isRoot: facts.uid === 0,
    };
    const { answer, version, warnings } = await bringUp({
      ...this.#request,
      steps: this.#steps,
      place,
      facts,
      instead: decision.instead,
    });
    const deployment = deploymentOf(place, facts, { host: site.name, version, now: clock.now() });
    await this.#steps.step('done', async () => {
      await this.#run(tidyScript(layout, false), 'tidying up');
      return [undefined, showListen(deployment.listen)];
    });
    return {
      deployment,
      steps: this.#steps.steps,
      uploaded: this.#uploaded,
      warnings: [...decision.warnings, ...warnings],
      answer,
    };
  }

  async #probe(): Promise<ProbeFacts> {
    const { site, signal } = this.#request;
    return await probe(site, this.#wish, signal);
  }

  get #wish(): ProbeWish {
    const { params, archive, model } = this.#request.plan;
    const { name } = params;
    return {
      ...NOTHING,
      name,
      ...(archive && { engine: archive.id }),
      ...(model && { model: model.sha256, modelSize: model.size }),
    };
  }

  /** A service of the account runs without a login only where it lingers: that is known when it was asked for. */
  async #withService(layout: Layout, facts: ProbeFacts, decision: Decision): Promise<Decision> {
    const { site, plan, clock, signal } = this.#request;
    if (decision.release.service !== 'user' || facts.lingers) return decision;
    const { exitCode } = await site.run(lingerScript(layout), { signal });
    if (exitCode === 0) return decision;
    if (plan.params.service === 'user')
      throw new DeckhandError('privilege.needed', `${noServiceText(site.name, facts)}.`, {
        hint: `On the host: sudo loginctl enable-linger ${facts.user}`,
      });
    return decide(site.name, { ...facts, hasUserManager: false }, plan, clock.now());
  }

  async #payload(layout: Layout, facts: ProbeFacts, { missing }: Decision): Promise<void> {
    const { site, plan, onBytes } = this.#request;
    const total = missing.engine + missing.model;
    const arrived = { engine: 0, model: 0 };
    await this.#steps.step('payload', async () => {
      const put = async (from: string, to: string, what: 'engine' | 'model', signal: AbortSignal) => {
        const onProgress = (done: number): void => {
          arrived[what] = done;
          onBytes(arrived.engine + arrived.model, total, what);
        };
        const bytes = await site.put({ from, to, signal, onProgress });
        this.#uploaded += bytes;
      };
      const { archive, model } = plan;
      await bothOrNone(
        this.#request.signal,
        async signal => {
          if (facts.hasEngine || !archive) return;
          await put(archive.path, archivePath(layout, archive), 'engine', signal);
          await this.#unpack(layout, archive, signal);
        },
        // the line is free while the host unpacks
        async signal => {
          if (facts.hasModel || !model) return;
          await put(model.path, `${layout.models}/${model.sha256}.gguf`, 'model', signal);
        },
      );
      if (facts.uid === 0 && model)
        await this.#run(`chmod 644 ${quote(layout.models)}/*.gguf`, 'making the model readable');
      if (total === 0) return [undefined, 'engine and model are there', 'skipped'];
      return [undefined, `${mebibytes(this.#uploaded)} of ${mebibytes(total)} sent`];
    });
  }

  async #unpack(layout: Layout, archive: EngineArchive, signal: AbortSignal): Promise<void> {
    const { site } = this.#request;
    const { exitCode, output, errors } = await site.run(unpackScript(layout, archive), { signal });
    if (exitCode === 0) return;
    const said = (output + errors).trim().split('\n').slice(-2).join(' ');
    const fail = (
      code: 'host.noexec' | 'host.disk-full' | 'bundle.invalid' | 'engine.failed',
      text: string,
    ) =>
      new DeckhandError(code, `${site.name}: ${text}: ${said}.`, { details: { host: site.name, exitCode } });
    if (exitCode === 126) throw fail('host.noexec', `the engine may not be run in ${layout.engines}`);
    if (exitCode === 92 || exitCode === 93 || /No space left/.test(said))
      throw fail(
        /No space left/.test(said) ? 'host.disk-full' : 'bundle.invalid',
        'the engine could not be unpacked',
      );
    if (exitCode === 94) throw fail('bundle.invalid', 'what was unpacked is not what its manifest says');
    throw fail('engine.failed', `the engine does not start (exit code ${exitCode})`);
  }

  async #run(script: string, doing: string): Promise<string> {
    const { site, signal } = this.#request;
    return await checked(site, script, doing, signal);
  }
}

/** Both at once; when one fails the other is stopped, and waited for. Throws what failed first. */
async function bothOrNone(
  signal: AbortSignal,
  ...works: readonly ((signal: AbortSignal) => Promise<void>)[]
): Promise<void> {
  const other = new AbortController();
  const either = AbortSignal.any([signal, other.signal]);
  let failure: { readonly error: unknown } | null = null;
  await Promise.all(
    works.map(async work => {
      try {
        await work(either);
      } catch (error) {
        failure ??= { error };
        other.abort(error);
      }
    }),
  );
  const failed = failure as { readonly error: unknown } | null;
  if (failed) throw failed.error;
}

function preflightText(facts: ProbeFacts, { estimate }: DeployPlan): string {
  const needs = estimate === null ? 'may use' : `needs ${mebibytes(estimate.total)} of`;
  return `${needs} ${mebibytes(facts.memoryAvailable)} free memory; ${mebibytes(facts.diskFree)} free on the disk`;
}
