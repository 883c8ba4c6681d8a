import { DeckhandError } from '../../core/deckhand-error.ts';
import type { DeployResult } from '../../core/model-params.ts';
import { quote } from '../../shell/quote.ts';
import { bringUp, deploymentOf, showListen } from './bring-up.ts';
import { type Decision, decide, mebibytes, noServiceText } from './preflight.ts';
import { type Layout, layoutOf } from './layout.ts';
import { HeldLock } from './lock.ts';
import { probe, type ProbeFacts, type ProbeWish } from './probe.ts';
import type { DeployPlan } from './release.ts';
import { checked } from './run-checked.ts';
import { lingerScript, tidyScript, unpackScript } from './scripts.ts';
import type { Site } from './site.ts';
import type { StartPlace } from './start-files.ts';
import { StepLog, type StepWatch } from './step-log.ts';

export interface DeployRequest extends StepWatch {
  readonly site: Site;
  readonly plan: DeployPlan;
  /** Of the task: who holds the lock. */
  readonly owner: string;
  /** Bytes of engine and model that arrived, of all that were missing. */
  readonly onBytes: (done: number, total: number, what: string) => void;
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
  readonly #request: DeployRequest;
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
    decision = await this.#steps.step('directory', async () => {
      facts = await lock.take(this.#wish, this.#request.signal);
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
    const answer = await bringUp({
      ...this.#request,
      steps: this.#steps,
      place,
      facts,
      instead: decision.instead,
    });
    const file = plan.model.path.split('/').at(-1) ?? '';
    const deployment = deploymentOf(place, facts, { host: site.name, file, now: clock.now() });
    await this.#steps.step('done', async () => {
      await this.#run(tidyScript(layout, false), 'tidying up');
      return [undefined, showListen(deployment.listen)];
    });
    return {
      deployment,
      steps: this.#steps.steps,
      uploaded: this.#uploaded,
      warnings: decision.warnings,
      answer,
    };
  }

  async #probe(): Promise<ProbeFacts> {
    const { site, signal } = this.#request;
    return await probe(site, this.#wish, signal);
  }

  get #wish(): ProbeWish {
    const { params, engine, model } = this.#request.plan;
    return { name: params.name, engine, model: model.sha256, modelSize: model.size };
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
    const { site, plan, signal, onBytes } = this.#request;
    const total = missing.engine + missing.model;
    await this.#steps.step('payload', async () => {
      const put = async (from: string, to: string, before: number, what: string): Promise<void> => {
        const onProgress = (done: number): void => onBytes(before + done, total, what);
        this.#uploaded += await site.put({ from, to, signal, onProgress });
      };
      if (!facts.hasEngine) {
        await put(plan.bundle.path, `${layout.engines}/${plan.engine}.tar.gz`, 0, 'engine');
        await this.#unpack(layout);
      }
      if (!facts.hasModel)
        await put(plan.model.path, `${layout.models}/${plan.model.sha256}.gguf`, missing.engine, 'model');
      if (facts.uid === 0)
        await this.#run(`chmod 644 ${quote(layout.models)}/*.gguf`, 'making the model readable');
      if (total === 0) return [undefined, 'engine and model are there', 'skipped'];
      return [undefined, `${mebibytes(this.#uploaded)} of ${mebibytes(total)} sent`];
    });
  }

  async #unpack(layout: Layout): Promise<void> {
    const { site, plan, signal } = this.#request;
    const { exitCode, output, errors } = await site.run(unpackScript(layout, plan.bundle, plan.engine), {
      signal,
    });
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

function preflightText(facts: ProbeFacts, { estimate }: DeployPlan): string {
  return `needs ${mebibytes(estimate.total)} of ${mebibytes(facts.memoryAvailable)} free memory; ${mebibytes(facts.diskFree)} free on the disk`;
}
