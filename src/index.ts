import type { DeckhandApi, PersonPrompts } from './api/contract.ts';
import { deckhandOverTasks } from './api/over-tasks/deckhand-over-tasks.ts';
import type { TaskApi } from './api/task-api.ts';
import { openLocalEngine } from './daemon/local-engine.ts';

export type * from './api/contract.ts';
export type * from './api/run-contract.ts';
export type * from './api/task-api.ts';
export { DeckhandError } from './core/deckhand-error.ts';
export { ERROR_TABLE, EXIT, type ErrorCode } from './core/error-table.ts';
export type { Plan, Step } from './core/plan.ts';
export type { RunEvent } from './core/run-event.ts';
export type { PlanPreview, RunReport } from './core/run-report.ts';
export type { ListedEntry, ListResult, TransferAction, TransferResult } from './core/transfer-params.ts';

export interface OpenOptions {
  /** Answers what only a person can; absent = nobody can. */
  readonly prompts?: PersonPrompts;
  /** Where tasks are kept (absolute); absent = in memory, for as long as it is open. */
  readonly folder?: string;
  /** Where `deckhand.yaml` is looked for; default the working directory. */
  readonly workingFolder?: string;
  readonly settingsFile?: string;
  readonly sshConfigFile?: string;
  /** Settings that win over every file, as their names and texts: `{ 'timeouts.command': '30s' }`. */
  readonly overrides?: Readonly<Record<string, string>>;
}

/** What the command line can do, and the tasks beneath it. */
export type Deckhand = DeckhandApi & { readonly tasks: TaskApi };

/**
 * The engine inside this process. Dispose of it to close its connections; commands that still run on
 * hosts go on there. Throws `store.*` and `settings.invalid`.
 */
export async function openDeckhand(options: OpenOptions = {}): Promise<Deckhand> {
  const tasks = await openLocalEngine({ folder: options.folder ?? null });
  const { SSH_AUTH_SOCK: agentSocket } = process.env;
  const api = deckhandOverTasks(tasks, {
    prompts: options.prompts ?? {},
    surroundings: {
      folder: options.workingFolder ?? process.cwd(),
      overrides: options.overrides ?? {},
      ...(options.settingsFile === undefined ? {} : { settingsFile: options.settingsFile }),
      ...(options.sshConfigFile === undefined ? {} : { sshConfigFile: options.sshConfigFile }),
      ...(agentSocket === undefined ? {} : { agentSocket }),
    },
  });
  return { ...api, tasks };
}
