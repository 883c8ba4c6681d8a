import { runRecordOf } from '../../api/over-tasks/run-record.ts';
import type { TaskApi } from '../../api/task-api.ts';
import { formatReport, REPORT_FORMATS } from '../../reports/format-report.ts';

/** A run told as a document, from what the desk knows of it. */
export function reportDesk(desk: Pick<TaskApi, 'task' | 'events' | 'approvals'>): Pick<TaskApi, 'report'> {
  return {
    async report(id, form) {
      const { ending, type } = REPORT_FORMATS[form];
      return { name: `${id}.${ending}`, type, text: formatReport(await runRecordOf(desk, id), form) };
    },
  };
}
