import { reportOf, requireRun } from '../../api/over-tasks/run-record.ts';
import type { RunApi } from '../../api/run-contract.ts';
import { planningRecords } from '../../core/planning-record.ts';
import type { RunReport } from '../../core/run-report.ts';
import type { AgentRunResult } from '../../core/task-params.ts';
import { runTools } from '../run-tools.ts';
import type { DeskRequest } from './desk-parts.ts';

/** Milliseconds: no host is waited for. */
const REPLAY_LIMIT = 60_000;

/** What models said in a run, and what is made of it afterwards. */
export function runDesk({ store }: Pick<DeskRequest, 'store'>): RunApi {
  const reportOfRun = async (id: string): Promise<RunReport> => {
    const task = await store.task(id);
    requireRun(task);
    return reportOf({ task, report: (task.result as AgentRunResult | null)?.report ?? null });
  };
  return {
    async transcript(id, after, limit) {
      // a task that is not there has no steps either: it must be told apart
      await store.task(id);
      const records = planningRecords(await store.steps(id));
      return records.filter(({ number }) => number > after).slice(0, limit);
    },
    recordRunbook: async (run, name) => await runTools.record(await reportOfRun(run), name),
    undoOfRun: async (run, wish) => await runTools.undo(await reportOfRun(run), wish),
    replayRun: async run => await runTools.replay(await reportOfRun(run), AbortSignal.timeout(REPLAY_LIMIT)),
  };
}
