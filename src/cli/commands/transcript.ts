import { buildCommand } from '@stricli/core';
import type { TaskApi } from '../../api/task-api.ts';
import { EXIT } from '../../core/error-table.ts';
import { maskDeep } from '../../core/mask-secrets.ts';
import type { PlanningRecord } from '../../core/planning-record.ts';
import type { CliContext } from '../context.ts';
import { idParameter, outputFlags, type OutputFlags, toggle } from '../flags.ts';
import { renderTranscript } from '../render-transcript.ts';
import { withTasks } from '../task-session.ts';

interface TranscriptFlags extends OutputFlags {
  readonly full: boolean;
}

/** Calls read at once. */
const PAGE = 20;

/** `deckhand transcript RUN`: what models were asked in a run, and what they said. */
export const transcriptCommand = buildCommand<TranscriptFlags, [string], CliContext>({
  docs: {
    brief: 'Show what models were asked in a run, what they answered, and what it cost',
    fullDescription: `Each call with its role, model, tokens, prompt and answers, and why an answer did not fit. Texts are shown as beginning and end;
with --full as they are kept. Secrets of known forms are hidden, and the keys of model servers were never kept.

Example:
  deckhand transcript task-01kf3m2x9q4v8w2t7n0
  deckhand transcript task-01kf3m2x9q4v8w2t7n0 --json`,
  },
  parameters: {
    flags: { ...outputFlags, full: toggle('Show every text as it is kept, instructions among them') },
    positional: idParameter('Run'),
  },
  async func(flags, id) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      // masked when they were kept; what is known as a secret only now is masked here
      const calls = maskDeep(await callsOf(tasks, id));
      result({ run: id, calls }, () => renderTranscript(calls, flags.full, style));
      return EXIT.ok;
    });
  },
});

async function callsOf(tasks: Pick<TaskApi, 'transcript'>, id: string): Promise<readonly PlanningRecord[]> {
  const calls: PlanningRecord[] = [];
  for (;;) {
    const page = await tasks.transcript(id, calls.at(-1)?.number ?? 0, PAGE);
    calls.push(...page);
    if (page.length < PAGE) return calls;
  }
}
