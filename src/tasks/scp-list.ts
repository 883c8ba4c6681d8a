import { rawFromText } from '../core/raw-path.ts';
import { listParams } from '../core/transfer-params.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { listFolder } from '../transfer/list-folder.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';

/** What is in a folder on a host. */
export const scpList: TaskKind<typeof listParams> = {
  name: 'scp.list',
  description: 'Lists a folder on a host.',
  schema: listParams,
  hosts: 'each',
  category: 'transfer',
  permission: 'read',
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ path }, host) => sanitiseText(`list ${host ?? ''}:${path}`).slice(0, 200),
  run: async ({ task, params, hosts, cancel, leave, phase }) => {
    const signal = AbortSignal.any([cancel, leave]);
    phase('connecting');
    const connection = await hosts.connection(task.host ?? '', signal);
    phase('listing');
    const { path, recursive, limit } = params;
    const result = await listFolder(connection, { path: rawFromText(path), recursive, limit, signal });
    return { end: 'succeeded', result: { ...result } };
  },
};
