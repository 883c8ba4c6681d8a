import { syncParams } from '../core/transfer-params.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';
import { runTransfer } from './transfer-task.ts';

const ARROWS = { push: '→', pull: '←', both: '↔' } as const;

/** Two trees made equal. */
export const scpSync: TaskKind<typeof syncParams> = {
  name: 'scp.sync',
  description: 'Makes a tree here and one on a host equal: one way, or both ways.',
  schema: syncParams,
  hosts: 'each',
  category: 'transfer',
  permission: 'change',
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ local, remote, direction }, host) =>
    sanitiseText(`${local} ${ARROWS[direction]} ${host ?? ''}:${remote}`).slice(0, 200),
  run: async work => {
    const { local, remote, ...rest } = work.params;
    return await runTransfer(work, {
      ...rest,
      localPath: local,
      remotePath: remote,
      intoFolder: false,
      recursive: true,
    });
  },
};
