import { connectParams } from '../core/task-params.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';

/** Whether a host can be reached, is who it says, lets us in and has a shell: each by itself (Q10). */
export const sshConnect: TaskKind<typeof connectParams> = {
  name: 'ssh.connect',
  description: 'Tests the connection to a host, stage by stage.',
  schema: connectParams,
  hosts: 'each',
  category: 'connection',
  permission: 'read',
  onLost: 'retry',
  retry: NO_RETRY,
  title: (_, host) => `test the connection to ${host}`,
  async run({ task, hosts, cancel, leave }) {
    const { error, ...test } = await hosts.test(task.host ?? '', AbortSignal.any([cancel, leave]));
    cancel.throwIfAborted();
    leave.throwIfAborted();
    if (error) return { end: 'failed', error, result: { ...test, error } };
    return { end: 'succeeded', result: test };
  },
};
