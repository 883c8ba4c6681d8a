import type { OversightApi } from '../../api/oversight-contract.ts';
import type { TaskView } from '../../api/task-api.ts';
import { beginStop, endStop, openRuns, stopOf } from '../emergency-stop.ts';
import { auditLogBeside } from '../policy-gate.ts';
import { viewOf } from '../task-view.ts';
import type { DeskRequest } from './desk-parts.ts';

/** What a person keeps over all runs: the emergency stop, and who is told. */
export function oversightDesk(request: DeskRequest): OversightApi {
  const { notifier, queue, who } = request;
  return {
    emergencyStop: async () => await stopOf(request),
    async stopAll({ force, cooldown }) {
      const stop = await beginStop(request, who, cooldown);
      const tasks: TaskView[] = [];
      for (const run of await openRuns(request))
        tasks.push(viewOf(await queue.control(run.id, { action: 'cancel', force }).catch(() => run)));
      await logStop(request, 'stop.all', `${tasks.length} runs cancelled${force ? ' by force' : ''}`);
      return { stop, tasks };
    },
    async clearStop() {
      const held = await endStop(request);
      await logStop(request, 'stop.clear', held ? 'runs may begin again' : 'no stop held');
      return held;
    },
    testNotifications: async () => await notifier.test(),
  };
}

/** In the log that nobody can change unseen. */
async function logStop(request: DeskRequest, action: string, why: string): Promise<void> {
  const { store, clock, who, requestId } = request;
  await auditLogBeside(store.location)?.append({
    time: clock.now(),
    who,
    action,
    hosts: [],
    command: '',
    class: 'stop',
    risks: [],
    rule: null,
    why,
    meaning: '',
    requestId: requestId(),
  });
}
