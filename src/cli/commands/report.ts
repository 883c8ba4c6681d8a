import { buildCommand } from '@stricli/core';
import { resolve } from 'node:path';
import { runRecordOf } from '../../api/over-tasks/run-record.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { EXIT } from '../../core/error-table.ts';
import { maskDeep } from '../../core/mask-secrets.ts';
import { formatReport, type ReportFormat } from '../../reports/format-report.ts';
import { filterTimeline, type TimelineFilter, timelineOf } from '../../reports/timeline.ts';
import type { CliContext } from '../context.ts';
import { idParameter, list, toggle, value } from '../flags.ts';
import { jsonLine } from '../json-output.ts';
import { writePrivately } from '../report-file.ts';
import { formatOfFile, parseFormat } from '../report-format.ts';
import { withTasks } from '../task-session.ts';

interface ReportFlags {
  readonly format: string | undefined;
  readonly output: string | undefined;
  readonly timeline: boolean;
  readonly host: readonly string[];
  readonly kind: readonly string[];
  readonly step: readonly string[];
  readonly failed: boolean;
  readonly local: boolean;
}

/** `deckhand report RUN`: what a run did, with the command run that proves each sentence. */
export const reportCommand = buildCommand<ReportFlags, [string], CliContext>({
  docs: {
    brief: 'Tell what a run did and what proves it, as text, Markdown, HTML, JSON or CSV',
    fullDescription: `The HTML is one file that loads nothing. CSV is the table of hosts. With --timeline, events as JSON lines, which
--host, --kind, --step and --failed narrow. Secrets of known forms are hidden.

Example:
  deckhand report task-01kf3m2x9q4v8w2t7n0 -o run.html
  deckhand report task-01kf3m2x9q4v8w2t7n0 --timeline --failed`,
  },
  parameters: {
    flags: {
      format: value('markdown, html, json, csv or text; default: by the name of the file, else text', 'FORM'),
      output: value('Write to FILE, readable by this account alone, instead of stdout', 'FILE'),
      timeline: toggle('Print the events as JSON lines instead'),
      host: list('Of the timeline, only what concerns this host; repeatable', 'HOST'),
      kind: list('Of the timeline, only events of this kind; repeatable', 'KIND'),
      step: list('Of the timeline, only what concerns this step; repeatable', 'STEP'),
      failed: toggle('Of the timeline, only what failed or had to be corrected'),
      local: toggle('Work in this process, without the daemon'),
    },
    aliases: { o: 'output' },
    positional: idParameter('Run'),
  },
  async func(flags, id) {
    await withTasks(this, { json: false, jsonl: false, local: flags.local }, async session => {
      const format = formatOf(flags);
      const record = await runRecordOf(session.tasks, id);
      const text = flags.timeline ? timelineLines(record.events, flags) : formatReport(record, format);
      if (flags.output === undefined) session.terminal.stdout.write(text);
      else {
        await writePrivately('--output', resolve(session.terminal.folder, flags.output), text);
        session.say(`report written to ${flags.output}`);
      }
      return EXIT.ok;
    });
  },
});

function formatOf({ format, output, timeline, host, kind, step, failed }: ReportFlags): ReportFormat {
  if (format !== undefined && timeline)
    throw new DeckhandError('input.invalid', '--timeline and --format exclude each other.');
  if (!timeline && (failed || [...host, ...kind, ...step].length > 0))
    throw new DeckhandError('input.invalid', '--host, --kind, --step and --failed need --timeline.');
  if (format !== undefined) return parseFormat(format);
  return (output === undefined ? null : formatOfFile(output)) ?? 'text';
}

function timelineLines(
  events: Parameters<typeof timelineOf>[0],
  { host, kind, step, failed }: ReportFlags,
): string {
  const filter: TimelineFilter = { hosts: host, kinds: kind, steps: step, failed };
  return maskDeep(filterTimeline(timelineOf(events), filter))
    .map(jsonLine)
    .join('');
}
