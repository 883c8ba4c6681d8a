import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskView } from '../../src/api/task-api.ts';
import type { FlatState, PlanAnswer } from '../../src/agent/plan-answer.ts';
import { sampleCheck, sampleState, sampleStep } from '../../src/agent/sample-answer.ts';
import { isFinal } from '../../src/core/task-state.ts';
import type { Approval } from '../../src/core/task.ts';
import type { AgentRunResult } from '../../src/core/task-params.ts';
import { DaemonUnderTest } from '../faults/daemon-under-test.ts';
import { until } from '../faults/fault.ts';
import { type LabFleet, labFleet } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { type Move, ScriptedPlanner } from '../models/scripted-planner.ts';
import { type CommandResult, deckhand } from './deckhand-command.ts';

/** A real daemon, real hosts, and a model server that says what the test wrote: nothing about a model is shown by it. */
export interface AgentLab extends AsyncDisposable {
  readonly daemon: DaemonUnderTest;
  readonly planner: ScriptedPlanner;
  readonly hosts: readonly LabHost[];
  /** Submits a run that is planned by the scripted model, told what it is to say. */
  begin(
    says: readonly (object | Move)[],
    params?: Readonly<Record<string, unknown>>,
    place?: RunPlace,
  ): Promise<string>;
  /** The real command line, asking this daemon. */
  deckhand(...words: readonly string[]): Promise<CommandResult>;
  /** Flags with which it reaches the hosts. */
  readonly reach: readonly string[];
  /** A folder before all others on the daemon's PATH; empty. */
  readonly programs: string;
  /** The task once it has ended or waits for a person. */
  rests(id: string): Promise<TaskView>;
  /** What waits for an answer. */
  open(id: string): Promise<Approval>;
}

/** Where a run is, and under which settings, when not on all hosts under the usual ones. */
interface RunPlace {
  readonly hosts?: readonly LabHost[];
  readonly overrides?: Readonly<Record<string, string>>;
}

const ROLE_MOVES = ['say', 'status', 'cut', 'short', 'fails', 'endless', 'stalls', 'silent'];

export async function agentLab(numbers: readonly number[]): Promise<AgentLab> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-lab-'));
  const [fleet, planner] = await Promise.all([labFleet(numbers, folder), ScriptedPlanner.start()]);
  const [home, programs] = [join(folder, 'home'), join(folder, 'programs')];
  await mkdir(programs);
  await writeFile(join(folder, 'box.key'), `${planner.key}\n`);
  const settings = { modelServers: { box: { url: planner.url, keyFile: 'box.key' } } };
  await writeFile(join(folder, 'deckhand.yaml'), JSON.stringify(settings));
  const daemon = await DaemonUnderTest.start(home, { PATH: `${programs}:${process.env['PATH']}` });
  return {
    daemon,
    planner,
    hosts: fleet.hosts,
    programs,
    reach: ['--ssh-config', fleet.surroundings.sshConfigFile ?? ''],
    begin: async (says, params = {}, place = {}) => {
      planner.moves = says.map(asMove);
      planner.seen.splice(0);
      return await submit(daemon, fleet, params, place);
    },
    deckhand: async (...words) => await deckhand(words, { folder: home }),
    rests: async id => {
      const rests = ({ state }: TaskView): boolean => isFinal(state) || state === 'waiting-approval';
      return await daemon.seen(id, 'ends or waits', rests, 120_000);
    },
    open: async id =>
      await until(`${id} asks`, 60_000, async () => {
        const approvals = await daemon.persist(async api => await api.approvals('open'));
        return approvals.find(({ task }) => task === id);
      }),
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]();
      await planner[Symbol.asyncDispose]();
      await fleet[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function asMove(said: object): Move {
  return ROLE_MOVES.some(name => name in said) ? (said as Move) : { say: JSON.stringify(said) };
}

async function submit(
  daemon: DaemonUnderTest,
  { hosts, surroundings }: LabFleet,
  params: Readonly<Record<string, unknown>>,
  place: RunPlace,
): Promise<string> {
  const { tasks } = await daemon.api.submit({
    kind: 'agent.run',
    hosts: (place.hosts ?? hosts).map(({ name }) => name).join(','),
    params: {
      intent: 'make the marker /srv/marker',
      model: 'box/brain',
      mode: 'run',
      approve: 'yes',
      improve: false,
      ...params,
    },
    // what a host says of itself is read each time
    surroundings: { ...surroundings, overrides: { 'facts.maxAge': '0s', ...place.overrides } },
  });
  return tasks[0]?.id ?? '';
}

/** What a run came to. */
export function resultOf(task: TaskView): AgentRunResult {
  return task.result ?? {};
}

/** A plan of one step that writes a file by a typed state. */
export function filePlan(path: string, content: string, over: Partial<PlanAnswer> = {}): PlanAnswer {
  const check = sampleCheck(`grep -qx '${content}' ${path}`);
  return {
    goal: `${path} says ${content}`,
    assumptions: [],
    runbook: null,
    parameters: [],
    steps: [sampleStep('write', [fileState(path, `${content}\n`)])],
    done: [check],
    ...over,
  };
}

/** A file with this text. */
export function fileState(path: string, content: string): FlatState {
  return sampleState({ kind: 'file', path, content });
}

/** A command that is done when `creates` is there. */
export function commandState(command: string, creates: string): FlatState {
  const about = { title: command.slice(0, 200), root: true, effects: [creates] };
  return sampleState({ kind: 'command', command, creates, ...about });
}

/** A plan of one step that runs a command. */
export function commandPlan(command: string, creates: string, done = `test -e ${creates}`): PlanAnswer {
  const steps = [sampleStep('run', [commandState(command, creates)])];
  return { ...filePlan('/srv/x', 'x'), goal: 'it is done', steps, done: [sampleCheck(done)] };
}

/** A request that was clear as it was. */
export const IMPROVED = { goal: 'g', constraints: [], questions: [], assumptions: [], checks: [] };

/** A model's word about a step that failed. */
export function repair(action: string, over: object = {}): object {
  return { action, reason: `the test says ${action}`, steps: [], readId: null, readFrom: null, ...over };
}
