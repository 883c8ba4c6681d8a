import type { TaskApi } from '../api/task-api.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Asker } from './asker.ts';
import type { CliContext } from './context.ts';
import type { OutputFlags } from './flags.ts';
import { jsonDocument, jsonResultLine } from './json-output.ts';
import { reportErrors } from './report-errors.ts';
import { type Style, styleFor } from './style.ts';
import type { Terminal } from './terminal.ts';

/** What commands about tasks, the queue and schedules work with. */
export interface TaskSession {
  readonly tasks: TaskApi;
  readonly flags: OutputFlags;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** Null when nobody can be asked. */
  readonly asker: Asker | null;
  readonly style: Style;
  readonly talkStyle: Style;
  /** Talk on stderr, whole lines. */
  readonly say: (text: string) => void;
  /** The result on stdout: text for people, or the document under `--json` and `--jsonl`. */
  readonly result: (body: object, text: () => string) => void;
}

/** Opens the task api, runs `work`, closes it. The number that `work` gives is the exit code. */
export async function withTasks(
  context: CliContext,
  flags: OutputFlags,
  work: (session: TaskSession) => Promise<number>,
): Promise<void> {
  await reportErrors(context, flags, async () => {
    const { surroundings } = context;
    const { terminal, signal, asker } = surroundings;
    checkOutputFlags(flags);
    const say = (text: string): void => terminal.stderr.write(`${text}\n`);
    await using tasks = await surroundings.openTasks({ local: flags.local, say });
    return await work({
      tasks,
      flags,
      signal,
      terminal,
      asker,
      say,
      style: styleFor(terminal.stdout, terminal.environment),
      talkStyle: styleFor(terminal.stderr, terminal.environment),
      result: (body, text) => terminal.stdout.write(resultText(flags, body, text)),
    });
  });
}

/** Throws `input.invalid` when both kinds of JSON are asked for. */
export function checkOutputFlags(flags: Pick<OutputFlags, 'json' | 'jsonl'>): void {
  if (flags.json && flags.jsonl)
    throw new DeckhandError('input.invalid', '--json and --jsonl exclude each other.');
}

/** A result as the flags want it. */
export function resultText(
  flags: Pick<OutputFlags, 'json' | 'jsonl'>,
  body: object,
  text: () => string,
): string {
  if (flags.jsonl) return jsonResultLine({ result: body });
  return flags.json ? jsonDocument(body) : text();
}
