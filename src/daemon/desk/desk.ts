import type { TaskApi } from '../../api/task-api.ts';
import { accessDesk } from './access-desk.ts';
import { asRequest, type DeskParts } from './desk-parts.ts';
import { chatDesk } from './chat-desk.ts';
import { fileDesk } from './file-desk.ts';
import { fleetDesk } from './fleet-desk.ts';
import { oversightDesk } from './oversight-desk.ts';
import { runDesk } from './run-desk.ts';
import { queueDesk } from './queue-desk.ts';
import { folderDesk } from './folder-desk.ts';
import { stagingDesk } from './staging-desk.ts';
import { reportDesk } from './report-desk.ts';
import { policyDesk } from './policy-desk.ts';
import { settingsDesk } from './settings-desk.ts';
import { taskDesk } from './task-desk.ts';
import { terminalDesk } from './terminal-desk.ts';
import { tunnelDesk } from './tunnel-desk.ts';
import { watchDesk } from './watch-desk.ts';

/**
 * The engine as its surfaces see it: takes wishes, checks them, and gives each to the right part.
 * `requestId` travels with everything that this desk is asked for.
 */
export function openDesk(parts: DeskParts, requestId?: string): TaskApi {
  const request = asRequest(parts, requestId);
  const tasks = taskDesk(request);
  const queue = queueDesk(request);
  return {
    ...tasks,
    ...queue,
    ...reportDesk({ ...tasks, approvals: queue.approvals }),
    ...fleetDesk(request),
    ...tunnelDesk(request),
    ...chatDesk(request),
    ...watchDesk(request),
    ...accessDesk(request),
    ...oversightDesk(request),
    ...fileDesk(request),
    ...runDesk(request),
    ...settingsDesk(request),
    ...policyDesk(request),
    ...folderDesk(request),
    ...stagingDesk(request),
    ...terminalDesk(request),
    [Symbol.asyncDispose]: parts.close,
  };
}
