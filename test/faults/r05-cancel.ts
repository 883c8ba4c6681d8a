import { setTimeout as pause } from 'node:timers/promises';
import type { TaskView } from '../../src/api/task-api.ts';
import { isFinal } from '../../src/core/task-state.ts';
import type { LabHost } from '../lab/lab.ts';
import { DaemonUnderTest, killNow } from './daemon-under-test.ts';
import { type Fault, type FaultKit, until } from './fault.ts';
import { type LabFleet, labFleet, leftoversOn, onHost, processesOf } from './lab-fleet.ts';
import { agentPlan } from './load-commands.ts';

/** Milliseconds until nothing of a cancelled task may be left on its host. */
const LIMIT = 2000;
/** The same when a process that carries it out has to be started first. */
const LIMIT_WITH_START = 6000;
/** Processes that take no TERM, one of them in a session of its own. */
const STUBBORN =
  "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 601 & wait; sleep 602' & (trap '' TERM; sleep 603) & echo up; wait; sleep 604";

/** Cancels at every phase of a task: over at once, nothing left on the host. */
export const fault: Fault = {
  id: 'R05',
  title: 'cancel at every phase',
  async run(kit) {
    await using fleet = await labFleet([110, 111], kit.folder);
    await using daemon = await DaemonUnderTest.start(kit.folder);
    const cancels = new Cancels(daemon, fleet, kit);
    await cancels.queued();
    await cancels.running('just begun', 'sleep 600', task => task.state === 'running', 0);
    await cancels.running('running', 'sleep 600 & sleep 601', task => task.phase === 'running', 1000);
    await cancels.running('taking no TERM', STUBBORN, task => task.phase === 'running', 1000);
    await cancels.paused();
    await cancels.agent('in an agent run', false);
    await cancels.agent('in an agent run whose executor is dead', true);
    await cancels.connecting();
    await cancels.hostRefuses();
    await cancels.hostGone();
    await cancels.reconnecting('command');
    await cancels.reconnecting('agent run');
    for (const host of fleet.hosts) {
      const left = await leftoversOn(host);
      kit.check(left.length === 0, `${host.name}: ${left.length} temporary files left ${left.join(' ')}`);
      kit.check(
        (await processesOf(host, 'task-')).length === 0,
        `${host.name}: no process of a task is left`,
      );
    }
  },
};

class Cancels {
  readonly #daemon: DaemonUnderTest;
  readonly #fleet: LabFleet;
  readonly #kit: FaultKit;
  readonly #near: LabHost;
  readonly #far: LabHost;

  constructor(daemon: DaemonUnderTest, fleet: LabFleet, kit: FaultKit) {
    const [near, far] = fleet.hosts;
    if (!near || !far) throw new Error('two hosts are needed');
    this.#daemon = daemon;
    this.#fleet = fleet;
    this.#kit = kit;
    this.#near = near;
    this.#far = far;
  }

  async queued(): Promise<void> {
    await this.#daemon.api.pauseQueue();
    const id = await this.#begin(this.#near, 'touch /root/was-queued');
    await this.#cancel(id);
    const { state } = await this.#daemon.ended(id);
    await this.#daemon.api.resumeQueue();
    const ran = (await this.#near.run('test -e /root/was-queued')).code === 0;
    this.#kit.check(state === 'cancelled' && !ran, `queued: ${state}, ${ran ? 'and ran' : 'and never ran'}`);
  }

  async running(
    phase: string,
    command: string,
    holds: (task: TaskView) => boolean,
    wait: number,
  ): Promise<void> {
    const id = await this.#begin(this.#near, command);
    await this.#daemon.seen(id, phase, holds);
    await pause(wait);
    await this.#cancelAndWatch(phase, id);
  }

  async paused(): Promise<void> {
    const id = await this.#begin(this.#near, 'sleep 600');
    await this.#daemon.seen(id, 'runs', task => task.phase === 'running');
    await pause(500);
    await this.#daemon.api.pause(id);
    await this.#daemon.seen(id, 'is paused', task => task.state === 'paused');
    await this.#cancelAndWatch('paused', id);
  }

  async agent(phase: string, executorDead: boolean): Promise<void> {
    const key = executorDead ? 'agent-dead' : 'agent';
    const id = await this.#beginAgent(this.#near, key);
    if (executorDead) {
      // so that it is queued, and stays so, when the cancel comes
      await this.#daemon.api.pauseQueue();
      for (const pid of await this.#daemon.executors()) killNow(pid);
      await this.#daemon.seen(id, 'is queued', task => task.state === 'queued');
    }
    await this.#cancelAndWatch(phase, id, executorDead ? LIMIT_WITH_START : LIMIT);
    if (executorDead) await this.#daemon.api.resumeQueue();
  }

  async connecting(): Promise<void> {
    await this.#far.net('blackhole');
    const id = await this.#begin(this.#far, 'touch /root/was-connecting');
    await this.#daemon.seen(id, 'connects', task => task.phase === 'connecting');
    await pause(1000);
    const begun = performance.now();
    await this.#cancel(id);
    const { state } = await this.#daemon.ended(id);
    const time = performance.now() - begun;
    this.#kit.check(
      state === 'cancelled' && time < LIMIT,
      `connecting to a black hole: ${state} after ${time.toFixed(0)} ms`,
    );
    await this.#far.net('ok');
    const ran = (await this.#far.run('test -e /root/was-connecting')).code === 0;
    this.#kit.check(!ran, 'connecting to a black hole: it never ran');
  }

  /** A host that says no at once must not be asked again and again without a pause. */
  async hostRefuses(): Promise<void> {
    const id = await this.#begin(this.#far, 'sleep 600');
    await this.#daemon.seen(id, 'runs', task => task.phase === 'running');
    await this.#far.net('reject');
    await this.#cancel(id);
    await pause(4000);
    const { state, claim } = await this.#daemon.api.task(id);
    this.#kit.check(
      !isFinal(state) && claim <= 3,
      `host refuses: ${state}, asked in ${claim} claims within 4 s`,
    );
    await this.#far.net('ok');
    const task = await this.#daemon.ended(id, 60_000);
    const left = await processesOf(this.#far, id);
    this.#kit.check(
      task.state === 'cancelled' && left.length === 0,
      `host refuses, then back: ${task.state}, ${left.length} processes left`,
    );
  }

  async hostGone(): Promise<void> {
    const id = await this.#begin(this.#far, 'sleep 600');
    await this.#daemon.seen(id, 'runs', task => task.phase === 'running');
    await pause(500);
    await this.#far.net('blackhole');
    await this.#cancel(id);
    await pause(3000);
    const open = await this.#daemon.api.task(id);
    this.#kit.check(!isFinal(open.state), `host gone: not called cancelled without proof (${open.state})`);
    const begun = performance.now();
    await this.#daemon.api.cancel(id, true);
    const task = await this.#daemon.ended(id, 30_000);
    const time = performance.now() - begun;
    this.#kit.check(
      task.state === 'cancelled' && task.error?.code === 'command.cancel-unproved' && time < 5000,
      `host gone, by force: ${task.state} after ${time.toFixed(0)} ms, ${task.error?.code ?? 'no error'}`,
    );
    await this.#far.net('ok');
    // it was said to be unproved, and so it is: this ends what is left of it
    await onHost(this.#far, 'kill -KILL $(pgrep -fx "sleep 600"); true');
  }

  /** A later claim that is not connected yet knows nothing of what an earlier one began. */
  async reconnecting(what: 'command' | 'agent run'): Promise<void> {
    const id =
      what === 'command'
        ? await this.#begin(this.#far, 'sleep 600')
        : await this.#beginAgent(this.#far, 'agent-reconnecting');
    const runs = async (): Promise<true | undefined> =>
      (await processesOf(this.#far, id)).length > 0 || undefined;
    await until(`the ${what} runs`, 60_000, runs);
    const { claim } = await this.#daemon.seen(id, 'runs', task => task.begun);
    await this.#far.net('blackhole');
    for (const pid of await this.#daemon.executors()) killNow(pid);
    await this.#daemon.seen(id, 'is carried on', task => task.state === 'running' && task.claim > claim);
    await until('its executor has begun', 60_000, async () => {
      const events = await this.#daemon.api.events(id, 0, 1000);
      const started = events.findLastIndex(({ kind }) => kind === 'task-started');
      return events.length - 1 > started || undefined;
    });
    await this.#cancel(id);
    await pause(3000);
    const open = await this.#daemon.api.task(id);
    const text = `${what}, cancelled while a later claim connects`;
    this.#kit.check(!isFinal(open.state), `${text}: not called cancelled without proof (${open.state})`);
    await this.#far.net('ok');
    const { state } = await this.#daemon.ended(id, 120_000);
    const left = await processesOf(this.#far, id);
    this.#kit.check(
      state === 'cancelled' && left.length === 0,
      `${text}, then back: ${state}, ${left.length} processes left`,
    );
  }

  async #cancelAndWatch(phase: string, id: string, limit = LIMIT): Promise<void> {
    const gone = goneFrom(this.#near, id);
    while ((await this.#near.run(`test -e ${LOOKING}/${id}`)).code !== 0) await pause(50);
    const begun = Date.now();
    await this.#cancel(id);
    const { state } = await this.#daemon.ended(id, 60_000);
    const settled = Date.now() - begun;
    const left = (await gone) - begun;
    this.#kit.check(
      state === 'cancelled' && left <= limit,
      `${phase}: ${state} after ${settled} ms, gone from the host after ${left < 0 ? 'nothing was there:' : ''} ${left} ms`,
    );
  }

  /** Until its command runs. */
  async #beginAgent(host: LabHost, key: string): Promise<string> {
    const plan = JSON.parse(JSON.stringify(agentPlan(key)).replace('sleep 2', 'sleep 600')) as object;
    const { surroundings } = this.#fleet;
    const params = { plan, mode: 'run', approve: 'yes' };
    const submission = { kind: 'agent.run', hosts: host.name, params, surroundings };
    const id = await this.#daemon.submit(submission);
    while ((await host.run(`grep -qx ${key} /root/counter`)).code !== 0) await pause(100);
    return id;
  }

  async #begin(host: LabHost, command: string): Promise<string> {
    const { surroundings } = this.#fleet;
    const submission = { kind: 'ssh.execute', hosts: host.name, params: { command }, surroundings };
    return await this.#daemon.submit(submission);
  }

  async #cancel(id: string): Promise<void> {
    await this.#daemon.api.cancel(id, false);
  }
}

/** On the host: a file for each task whose processes are looked at. */
const LOOKING = '/root/looking';

/** When the last process of a task left the host, by the clock that this machine and the host share. */
async function goneFrom(host: LabHost, task: string): Promise<number> {
  const look = 'grep -zqsF "DECKHAND_RUN=$marker" /proc/[0-9]*/environ';
  const { stdout } = await host.run(
    `read -r marker; mkdir -p ${LOOKING}; : >"${LOOKING}/$marker"; turn=0; while ${look} && [ $turn -lt 400 ]; do sleep 0.02; turn=$((turn + 1)); done; date +%s%3N`,
    { input: `${task}\n` },
  );
  return Number(stdout.trim());
}
