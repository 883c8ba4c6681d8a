import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import { reportOf, runRecordOf } from '../../api/over-tasks/run-record.ts';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { idParameter, outputFlags, type OutputFlags, value } from '../flags.ts';
import { oneLine } from '../layout.ts';
import { writePrivately } from '../report-file.ts';
import { withTasks } from '../task-session.ts';

interface RecordFlags extends OutputFlags {
  readonly output: string | undefined;
  readonly name: string | undefined;
}

/** `deckhand runbook record RUN [-o FILE]`. */
export const runbookRecordCommand = buildCommand<RecordFlags, [string], CliContext>({
  docs: {
    brief: 'Make a runbook of a run that was proved, with what was asked for as parameters',
    fullDescription: `The runbook has the typed steps and checks of the run and asks no model. Quoted texts, ports, paths and names that came from the
request become parameters. Put it into a folder named under \`runbooks:\` of your settings when you have read it.

Example:
  deckhand runbook record task-01kf3m2x9q4v8w2t7n0 -o runbooks/greeting.yaml`,
  },
  parameters: {
    flags: {
      ...outputFlags,
      output: value('Write to FILE instead of stdout', 'FILE'),
      name: value('Name of the runbook. Default: from the request', 'NAME'),
    },
    aliases: { o: 'output' },
    positional: idParameter('Run'),
  },
  async func(flags, id) {
    await withTasks(this, flags, async ({ tasks, result, say, terminal }) => {
      const report = reportOf(await runRecordOf(tasks, id));
      const recorded = await this.surroundings.runs.record(report, flags.name);
      if (flags.output !== undefined)
        await writePrivately('--output', resolve(terminal.folder, flags.output), recorded.source);
      const given = recorded.parameters.map(one => `${one.name} = ${oneLine(one.value)}`).join(', ');
      say(`runbook ${recorded.name}; parameters: ${given === '' ? 'none' : given}`);
      const told = flags.output === undefined ? recorded.source : `written to ${flags.output}\n`;
      result({ runbook: recorded }, () => told);
      return EXIT.ok;
    });
  },
});
