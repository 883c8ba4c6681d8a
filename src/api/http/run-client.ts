import type { PlanningRecord } from '../../core/planning-record.ts';
import type { RunApi } from '../run-contract.ts';
import type { Ask } from './client.ts';

/** The calls about runs, over HTTP. */
export function runCalls(ask: Ask): RunApi {
  const at = (id: string, verb: string): string => `/v1/tasks/${encodeURIComponent(id)}/${verb}`;
  return {
    async transcript(id, after, limit) {
      const path = `${at(id, 'transcript')}?after=${after}&limit=${limit}`;
      return (await ask<{ records: readonly PlanningRecord[] }>('GET', path)).records;
    },
    recordRunbook: (id, name) => ask('POST', at(id, 'runbook'), name === undefined ? {} : { name }),
    undoOfRun: (id, wish) => ask('POST', at(id, 'undo'), wish),
    replayRun: id => ask('POST', at(id, 'replay')),
  };
}
