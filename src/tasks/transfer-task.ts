import { rawFromText, showRaw } from '../core/raw-path.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import {
  removeLocalParts,
  removeParts,
  transfer,
  type TransferOutcome,
  type TransferRequest,
} from '../transfer/transfer.ts';
import { type MovingSteps, runMoving } from './moving-task.ts';
import type { TaskWork } from './task-kind.ts';

/** What a kind says of one transfer; paths are texts as people give them. */
export type TransferPlan = Pick<
  TransferRequest,
  | 'direction'
  | 'intoFolder'
  | 'recursive'
  | 'exclude'
  | 'preserve'
  | 'inplace'
  | 'links'
  | 'compare'
  | 'rateLimit'
  | 'dryRun'
  | 'diff'
  | 'xattrs'
  | 'acls'
  | 'deleteExtra'
  | 'allowEmptySource'
> & { readonly localPath: string; readonly remotePath: string };

/** Carries out one claim of a task that moves files: goes on where an earlier one stopped, and leaves nothing half. */
export async function runTransfer<Params>(work: TaskWork<Params>, plan: TransferPlan): Promise<Outcome> {
  const { task, hosts } = work;
  const { localPath, remotePath } = plan;
  const parts = { id: task.id, local: rawFromText(localPath), remote: rawFromText(remotePath) };
  return await runMoving(work, {
    carryOut: async (signal, on) => await carryOut(work, plan, signal, on),
    removeHere: () => removeLocalParts(parts),
    removeParts: async signal => {
      removeLocalParts(parts);
      await removeParts(await hosts.connection(task.host ?? '', signal), parts, signal);
    },
  });
}

async function carryOut<Params>(
  work: TaskWork<Params>,
  { localPath, remotePath, ...plan }: TransferPlan,
  signal: AbortSignal,
  on: MovingSteps,
): Promise<TransferOutcome> {
  const { hosts, task, clock, phase, progress, steps, begin, remember } = work;
  const host = task.host ?? '';
  phase('connecting');
  const connection = await hosts.connection(host, signal);
  on.connected();
  let earlier = 0;
  let isBegun = task.begun;
  let shown = task.progress?.unit === 'bytes' ? task.progress.done : 0;
  return await transfer({
    ...plan,
    id: task.id,
    local: rawFromText(localPath),
    remote: rawFromText(remotePath),
    connection,
    bulkConnection: async stop => await hosts.bulkConnection(host, stop),
    clock,
    signal,
    baseFolder: hosts.syncFolder,
    resumes: task.begun,
    onPhase: phase,
    onProgress: (done, total, path) => {
      // what is gone on with, and what begins anew, never shows as a step back
      shown = Math.max(shown, Math.min(earlier + done, earlier + total));
      const text = showRaw(path).replaceAll('\n', '\ufffd');
      progress({ done: shown, total: Math.max(earlier + total, shown), unit: 'bytes', text });
    },
    onBegin: async bytes => {
      if (bytes !== null) {
        // what an earlier claim brought over counts as done
        const before = Number(steps.get('plan')?.['bytes'] ?? bytes);
        earlier = Math.max(before - bytes, 0);
        if (!steps.has('plan')) await remember('plan', { bytes });
      }
      on.begun();
      if (!isBegun) await begin(host, task.id);
      isBegun = true;
    },
  });
}
