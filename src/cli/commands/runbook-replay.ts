import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import { reportOf, runRecordOf } from '../../api/over-tasks/run-record.ts';
import { EXIT } from '../../core/error-table.ts';
import type { Replay } from '../../core/run-remake.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { readReport } from '../kept-report.ts';
import { oneLine } from '../layout.ts';
import { reportErrors } from '../report-errors.ts';
import type { Style } from '../style.ts';
import { styleFor } from '../style.ts';
import { checkOutputFlags, resultText } from '../task-session.ts';

/** `deckhand runbook replay RUN|FILE`. */
export const runbookReplayCommand = buildCommand<OutputFlags, [string], CliContext>({
  docs: {
    brief: 'Judge a run again from its recorded answers, without any host',
    fullDescription: `Each command gets the answer that was recorded for exactly this command, and every step and proof is judged anew. Exit code 1 when
one comes out differently. A FILE ends in .json; a daemon is needed for a RUN alone.

Example:
  deckhand runbook replay run.json`,
  },
  parameters: {
    flags: outputFlags,
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, brief: 'A run, or a file of `report --format json`', placeholder: 'RUN|FILE' },
      ],
    },
  },
  async func(flags, from) {
    await reportErrors(this, flags, async () => {
      checkOutputFlags(flags);
      const { terminal, runs, signal } = this.surroundings;
      const report = from.endsWith('.json')
        ? await readReport(resolve(terminal.folder, from))
        : await this.surroundings
            .openTasks({ local: flags.local, say: text => terminal.stderr.write(`${text}\n`) })
            .then(async opened => {
              await using tasks = opened;
              return reportOf(await runRecordOf(tasks, from));
            });
      const replay = await runs.replay(report, signal);
      const style = styleFor(terminal.stdout, terminal.environment);
      terminal.stdout.write(resultText(flags, replay, () => render(replay, style)));
      return replay.same ? EXIT.ok : EXIT.failed;
    });
  },
});

function render({ parts, same }: Replay, style: Style): string {
  const lines = parts.map(({ host, part, recorded, replayed, ...one }) => {
    const word = one.same ? style.good('same   ') : style.bad('differs');
    const where = `${word}  ${oneLine(host)}: ${oneLine(part)}`;
    return one.same
      ? where
      : `${where}\n    recorded: ${oneLine(recorded)}\n    now:      ${oneLine(replayed)}`;
  });
  return `${[...lines, same ? 'Everything came out as it was recorded.' : 'Not everything came out as it was recorded.'].join('\n')}\n`;
}
