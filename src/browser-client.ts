import { FetchTransport, type FetchOptions } from './api/http/fetch-transport.ts';
import { clientOver } from './api/http/client.ts';
import type { TaskApi } from './api/task-api.ts';
import { systemClock } from './core/clock.ts';

/** `deckhand/client` in a browser: the same calls over `fetch`. */
export type * from './api/contract.ts';
export type * from './api/run-contract.ts';
export type * from './api/task-api.ts';
export type * from './api/terminal-contract.ts';
export type * from './api/watch-contract.ts';
export type {
  AuditEntryView,
  NewToken,
  PolicyVerdict,
  SessionView,
  TokenView,
} from './api/access-contract.ts';
export { RIGHTS_OF, type Role } from './api/caller.ts';
export type { FileView } from './api/file-contract.ts';
export type { FolderView, FoundItem } from './api/folder-contract.ts';
export type * from './api/policy-contract.ts';
export type * from './api/settings-contract.ts';
export type { ListedEntry } from './core/transfer-params.ts';
export { type DiffedLine, diffLines, hunks } from './core/line-diff.ts';
export type { AttachedModel } from './core/attached-model.ts';
export type { ChatMessage, ChatUsage, EndpointView, KeptMessage, ServedModelView } from './core/chat.ts';
export type { Deployment, EngineListen, StatusResult } from './core/model-params.ts';
export type { UndoPlan, UndoWish } from './core/run-remake.ts';
export type { PlannedCommand, PlannedStep, PlanPreview, RunReport, StepReport } from './core/run-report.ts';
export type { Approval, ApprovalWord, Progress, Surroundings } from './core/task.ts';
export type { TaskEvent } from './core/task-event.ts';
export type { TransferAction, TransferResult } from './core/transfer-params.ts';
export type { TaskState } from './core/task-state.ts';
export type { ErrorRecord } from './core/deckhand-error.ts';
export { DeckhandError, toDeckhandError } from './core/deckhand-error.ts';
export { isFinal, TASK_STATES } from './core/task-state.ts';
export { sanitiseText } from './core/untrusted.ts';

/** The task API of the daemon that served the page. */
export function connectBrowser(options: FetchOptions & { readonly signal?: AbortSignal } = {}): TaskApi {
  const { signal, ...rest } = options;
  return clientOver({
    transport: new FetchTransport(rest),
    signal,
    clock: systemClock,
    random: Math.random,
  });
}
