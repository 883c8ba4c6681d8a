import { rawFromText } from '../core/raw-path.ts';
import { copyParams } from '../core/transfer-params.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { copyBetween, removeCopyParts } from '../transfer/copy-between.ts';
import { runMoving } from './moving-task.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';

/** From one host to another. */
export const scpCopy: TaskKind<typeof copyParams> = {
  name: 'scp.copy',
  description: 'Copies a file or a tree from one host to another, through this machine.',
  schema: copyParams,
  hosts: 'each',
  category: 'transfer',
  permission: 'change',
  // whatever an earlier claim began is dropped, and the target gets its name only at the end
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ source, toHost, target }, host) =>
    sanitiseText(`${host ?? ''}:${source} → ${toHost}:${target}`).slice(0, 200),
  run: async work => {
    const { task, params, hosts, clock, phase, progress, begin } = work;
    const parts = { id: task.id, target: rawFromText(params.target) };
    let shown = task.progress?.unit === 'bytes' ? task.progress.done : 0;
    return await runMoving(work, {
      carryOut: async (signal, on) => {
        phase('connecting');
        const [from, to] = await Promise.all([
          hosts.connection(task.host ?? '', signal),
          hosts.connection(params.toHost, signal),
        ]);
        on.connected();
        return await copyBetween({
          from,
          to,
          clock,
          signal,
          ...parts,
          source: rawFromText(params.source),
          preserve: params.preserve,
          again: task.begun,
          onPhase: phase,
          onProgress: (done, total) => {
            // what begins anew never shows as a step back
            shown = Math.min(Math.max(shown, done), total);
            progress({ done: shown, total, unit: 'bytes', text: params.source });
          },
          onBegin: async () => {
            on.begun();
            if (!task.begun) await begin(params.toHost, task.id);
          },
        });
      },
      removeHere: () => undefined,
      removeParts: async signal =>
        await removeCopyParts(await hosts.connection(params.toHost, signal), parts, signal),
    });
  },
};
