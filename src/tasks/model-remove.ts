import { removeParams } from '../core/model-params.ts';
import { remove } from '../engines/deploy/remove.ts';
import { leftOf, runOnSite } from './site-task.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';

/** A model server and all that came with it goes from a host. */
export const modelRemove: TaskKind<typeof removeParams> = {
  name: 'model.remove',
  description: 'Stops a model server and removes all that was brought to its host.',
  schema: removeParams,
  hosts: 'each',
  category: 'model',
  permission: 'change',
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ name }, host) => `remove ${name} from ${host ?? ''}`,
  run: async work =>
    await runOnSite(
      work,
      async ({ site, signal }) => {
        const { task, params, clock, undeployed } = work;
        const result = await remove({ ...params, site, clock, signal, owner: task.id });
        await undeployed(site.name, params.name);
        return { ...result };
      },
      leftOf(work),
    ),
};
