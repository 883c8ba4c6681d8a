import type { ListResult, TransferResult } from '../../core/transfer-params.ts';
import type {
  ListHostResult,
  TransferApi,
  TransferCall,
  TransferHostResult,
  TransferReport,
} from '../contract.ts';
import type { Submission, TaskApi } from '../task-api.ts';
import { followed, type OverTasksOptions, type SeenTask } from './followed.ts';
import {
  copySubmission,
  downloadSubmissions,
  listSubmission,
  syncSubmission,
  uploadSubmission,
} from './transfer-submissions.ts';

/** The calls about files, carried out as tasks of the kinds `scp.*`. */
export function transfersOverTasks(tasks: TaskApi, options: OverTasksOptions): TransferApi {
  const carry = async (submissions: readonly Submission[], call: TransferCall): Promise<TransferReport> => {
    const seen = await Promise.all(
      submissions.map(async submission => await followed(tasks, submission, call, options)),
    );
    return { results: seen.flat().map(toTransferHostResult) };
  };
  return {
    upload: async (request, call) => await carry([uploadSubmission(request, options)], call),
    async download(request, call) {
      const several = request.inFolderOfHost !== undefined;
      const hosts = several ? await tasks.listHosts(options.surroundings, request.hosts) : [];
      const names = hosts.map(host => host.name);
      return await carry(downloadSubmissions(request, options, names), call);
    },
    sync: async (request, call) => await carry([syncSubmission(request, options)], call),
    async list(request, call) {
      const seen = await followed(tasks, listSubmission(request, options), call, options);
      return { results: seen.map(toListHostResult) };
    },
    copy: async (request, call) => await carry([copySubmission(request, options)], call),
  };
}

/** `scp.upload`, `scp.download`, `scp.sync` or `scp.copy` of one host in the words of the contract. */
export function toTransferHostResult({ task, error }: SeenTask): TransferHostResult {
  return {
    host: task.host ?? task.id,
    task: task.id,
    ...endsOf(task.params),
    result: (task.result as TransferResult | null) ?? null,
    ...(error ? { error } : {}),
  };
}

function endsOf(params: Readonly<Record<string, unknown>>): Pick<TransferHostResult, 'source' | 'target'> {
  const text = (name: string): string => {
    const value = params[name];
    return typeof value === 'string' ? value : '';
  };
  if (!('direction' in params)) return { source: text('source'), target: text('target') };
  const ends = { source: text('local'), target: text('remote') };
  return params['direction'] === 'pull' ? { source: ends.target, target: ends.source } : ends;
}

/** `scp.list` of one host. */
export function toListHostResult({ task, error }: SeenTask): ListHostResult {
  const { path } = task.params;
  return {
    host: task.host ?? task.id,
    task: task.id,
    path: typeof path === 'string' ? path : '',
    list: (task.result as ListResult | null) ?? null,
    ...(error ? { error } : {}),
  };
}
