import { downloadParams } from '../core/transfer-params.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';
import { runTransfer } from './transfer-task.ts';

/** Files from a host to here. */
export const scpDownload: TaskKind<typeof downloadParams> = {
  name: 'scp.download',
  description: 'Copies a file or a tree from a host.',
  schema: downloadParams,
  hosts: 'each',
  category: 'transfer',
  permission: 'change',
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ source, target }, host) => sanitiseText(`${host ?? ''}:${source} → ${target}`).slice(0, 200),
  run: async work => {
    const { source, target, recursive = true, ...rest } = work.params;
    return await runTransfer(work, {
      ...rest,
      localPath: target,
      remotePath: source,
      direction: 'pull',
      intoFolder: true,
      recursive,
      deleteExtra: false,
      allowEmptySource: true,
    });
  },
};
