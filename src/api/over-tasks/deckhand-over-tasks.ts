import { DeckhandError, type ErrorRecord } from '../../core/deckhand-error.ts';
import type { RunReport } from '../../core/run-report.ts';
import type { AgentRunResult } from '../../core/task-params.ts';
import type { CallOptions, DeckhandApi, RunRequest } from '../contract.ts';
import type { Submission, TaskApi } from '../task-api.ts';
import { CollectedOutput } from './collected-output.ts';
import { followed, type OverTasksOptions, type SeenTask } from './followed.ts';
import { askHostsSubmission, execSubmission, previewSubmission, runSubmission } from './submissions.ts';
import { errorOfRecord, toExecHostResult, toFindings, toHostFacts, toHostTest } from './task-results.ts';
import { transfersOverTasks } from './transfers.ts';

export type { OverTasksOptions } from './followed.ts';

/** Bytes of each stream kept of one host's output where the request names no limit. */
const OUTPUT_LIMIT = 64 * 1024 * 1024;

/**
 * The contract carried out as tasks. An aborted `signal` cancels them and waits for their end; what
 * happened on each host is data. Closing it closes `tasks`.
 */
export function deckhandOverTasks(tasks: TaskApi, options: OverTasksOptions): DeckhandApi {
  const { surroundings } = options;
  const follow = async (submission: Submission, call: CallOptions): Promise<readonly SeenTask[]> =>
    await followed(tasks, submission, call, options);
  // most command lines have nothing to do with them
  const models = async () => (await import('./models.ts')).modelsOverTasks(tasks, options);
  return {
    async exec(request, call) {
      const output = new CollectedOutput(request.outputLimit ?? OUTPUT_LIMIT);
      const seen = await followed(tasks, execSubmission(request, options), call, options, output);
      return {
        results: seen.map(({ task, error }) => toExecHostResult(task, output.of(task.id), error)),
      };
    },
    async plan(request, call) {
      const { result, error } = await agentRun(previewSubmission(request, options), call, follow);
      if (result?.preview) return result.preview;
      throw failure(error, 'A preview ended without a plan.');
    },
    async run(request, call): Promise<RunReport> {
      const submission = runSubmission(request, approvalMode(request, call), options);
      const { result, error } = await agentRun(submission, call, follow);
      if (result?.report) return result.report;
      throw failure(error, 'A run ended without a report.');
    },
    listHosts: async selector => await tasks.listHosts(surroundings, selector),
    addHost: async request => await tasks.addHost(surroundings, request),
    async testHosts(selector, call) {
      const seen = await follow(askHostsSubmission('ssh.connect', selector, {}, options), call);
      return seen.map(({ task }) => toHostTest(task));
    },
    async hostFacts(selector, refresh, call) {
      const seen = await follow(askHostsSubmission('host.facts', selector, { refresh }, options), call);
      return seen.map(({ task }) => toHostFacts(task));
    },
    listRunbooks: async () => await tasks.listRunbooks(surroundings),
    showRunbook: async name => await tasks.showRunbook(surroundings, name),
    async doctor(selector, call) {
      const local = await tasks.doctor(surroundings);
      if (selector === null) return local;
      const seen = await follow(askHostsSubmission('host.doctor', selector, {}, options), call);
      return [...local, ...seen.flatMap(({ task }) => toFindings(task))];
    },
    ...transfersOverTasks(tasks, options),
    makeBundle: async (request, call) => await (await models()).makeBundle(request, call),
    deployModel: async (request, call) => await (await models()).deployModel(request, call),
    rollbackModel: async (request, call) => await (await models()).rollbackModel(request, call),
    removeModel: async (request, call) => await (await models()).removeModel(request, call),
    modelStatus: async (request, call) => await (await models()).modelStatus(request, call),
    modelLogs: async (request, call) => await (await models()).modelLogs(request, call),
    connectModel: async (request, call) => await (await models()).connectModel(request, call),
    disconnectModel: async (request, call) => await (await models()).disconnectModel(request, call),
    planningModels: async (request, call) => await (await models()).planningModels(request, call),
    followModelLog: async (request, call) => await (await models()).followModelLog(request, call),
    addTunnel: async (request, call) => {
      // loaded for this call only: the command line's start-up is felt
      const { addTunnel } = await import('./add-tunnel.ts');
      return await addTunnel(tasks, options, request, call);
    },
    listTunnels: async () => await tasks.tunnels(),
    showTunnel: async name => await tasks.tunnel(name),
    startTunnel: async name => await tasks.startTunnel(name),
    stopTunnel: async name => await tasks.stopTunnel(name),
    removeTunnel: async name => await tasks.removeTunnel(name),
    [Symbol.asyncDispose]: async () => await tasks[Symbol.asyncDispose](),
  };
}

/** Who approves: whoever submits (`approved`), whoever is asked, or nobody. */
export function approvalMode(
  request: Pick<RunRequest, 'approved'>,
  call: Pick<CallOptions, 'approve'>,
): 'yes' | 'ask' | 'none' {
  if (request.approved) return 'yes';
  return call.approve ? 'ask' : 'none';
}

async function agentRun(
  submission: Submission,
  call: CallOptions,
  follow: (submission: Submission, call: CallOptions) => Promise<readonly SeenTask[]>,
): Promise<{ readonly result: AgentRunResult | null; readonly error: ErrorRecord | undefined }> {
  const [seen] = await follow(submission, call);
  return { result: (seen?.task.result ?? null) as AgentRunResult | null, error: seen?.error };
}

function failure(error: ErrorRecord | undefined, otherwise: string): DeckhandError {
  return error ? errorOfRecord(error) : new DeckhandError('internal.defect', otherwise);
}
