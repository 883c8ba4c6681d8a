import { sanitiseText } from '../core/untrusted.ts';
import { uploadParams } from '../core/transfer-params.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';
import { runTransfer } from './transfer-task.ts';

/** Files from here to a host. */
export const scpUpload: TaskKind<typeof uploadParams> = {
  name: 'scp.upload',
  description: 'Copies a file or a tree to a host.',
  schema: uploadParams,
  hosts: 'each',
  category: 'transfer',
  permission: 'change',
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ source, target }, host) => sanitiseText(`${source} → ${host ?? ''}:${target}`).slice(0, 200),
  run: async work => {
    const { source, target, ...rest } = work.params;
    return await runTransfer(work, {
      ...rest,
      localPath: source,
      remotePath: target,
      direction: 'push',
      intoFolder: true,
      recursive: true,
      deleteExtra: false,
      allowEmptySource: true,
    });
  },
};
