import { buildCommand } from '@stricli/core';
import { answerOf } from '../../api/over-tasks/person-answers.ts';
import type { FollowItem, Question, TaskView } from '../../api/task-api.ts';
import { EXIT } from '../../core/error-table.ts';
import { isFinal } from '../../core/task-state.ts';
import type { CliContext } from '../context.ts';
import { exitCodeOfTasks } from '../exit-of-tasks.ts';
import { tasksOf } from '../find-tasks.ts';
import { idParameter, outputFlags, type OutputFlags, toggle, value } from '../flags.ts';
import { QUIET } from '../interrupt.ts';
import { promptsOfAsker } from '../person-prompts.ts';
import { TaskLog } from '../task-log.ts';
import { type TaskSession, withTasks } from '../task-session.ts';

interface LogsFlags extends OutputFlags {
  readonly follow: boolean;
  readonly after: string | undefined;
  readonly events: boolean;
}

/** Pieces of output asked for at once. */
const PAGE = 1000;

/** `deckhand task logs ID [-f]`. */
export const taskLogsCommand = buildCommand<LogsFlags, [string], CliContext>({
  docs: {
    brief: 'Print what a task put out; -f follows it to its end',
    fullDescription: `stdout and stderr of the command go to stdout and stderr, byte for byte (made safe on a terminal). With -f the exit code is the remote one, as with exec. Ctrl-C leaves the task alone.

Example:
  deckhand task logs -f task-01kf3m2x9q4v8w2t7n0`,
  },
  parameters: {
    flags: {
      ...outputFlags,
      follow: toggle('Go on until the task has ended; questions it asks are put to you'),
      after: value('Only what comes after this point, as --jsonl and -f tell it', 'CURSOR'),
      events: toggle('Also tell what happens to the task, on stderr'),
    },
    aliases: { f: 'follow' },
    positional: idParameter('Task or group'),
  },
  async func(flags, id) {
    await withTasks(this, flags, async session => {
      const found = await tasksOf(session.tasks, id);
      // Ctrl-C ends the reading, not the task
      this.surroundings.sayOnInterrupt(QUIET);
      const log = new TaskLog(session, found, flags.events);
      try {
        const exitCode = flags.follow
          ? await follow(session, id, found, flags, log)
          : await printAll(session, found, flags, log);
        if (flags.json) session.result(log.document(found), () => '');
        return exitCode;
      } finally {
        log.end();
      }
    });
  },
});

async function printAll(
  session: TaskSession,
  found: readonly TaskView[],
  flags: LogsFlags,
  log: TaskLog,
): Promise<number> {
  for (const task of found) await print(session, task, flags.after ?? null, log);
  return EXIT.ok;
}

async function print(
  session: TaskSession,
  task: TaskView,
  after: string | null,
  log: TaskLog,
): Promise<void> {
  let cursor = after;
  do {
    const page = await session.tasks.output(task.id, cursor, PAGE);
    if (page.pieces.length > 0)
      log.item({
        item: 'output',
        task: task.id,
        attempt: task.attempt,
        pieces: page.pieces,
        cursor: page.next ?? '',
      });
    cursor = page.next;
    session.signal.throwIfAborted();
  } while (cursor !== null);
}

async function follow(
  session: TaskSession,
  id: string,
  found: readonly TaskView[],
  flags: LogsFlags,
  log: TaskLog,
): Promise<number> {
  const { tasks, signal, asker } = session;
  const ended = new Map(found.filter(task => isFinal(task.state)).map(task => [task.id, task]));
  let cursor = flags.after;
  const after = flags.after === undefined ? {} : { after: flags.after };
  const items = tasks.follow(id, { signal, answers: asker !== null, ...after });
  try {
    for await (const item of items) {
      log.item(item);
      if ('cursor' in item) cursor = item.cursor;
      if (item.item === 'ended') ended.set(item.task.id, item.task);
      else if (item.item === 'question') void answer(session, item.question);
      else noteApproval(session, item);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted) {
    const from = cursor === undefined ? '' : ` --after ${cursor}`;
    session.say(`left; the task goes on. To go on reading: deckhand task logs -f ${id}${from}`);
    return EXIT.interrupted;
  }
  return exitCodeOfTasks([...ended.values()]);
}

function noteApproval({ say }: TaskSession, item: FollowItem): void {
  if (item.item !== 'event' || item.event.kind !== 'approval-requested') return;
  if (item.event.approval !== undefined)
    say(`waits for an approval: deckhand approvals approve ${item.event.approval}`);
}

async function answer({ tasks, asker, say }: TaskSession, question: Question): Promise<void> {
  const prompts = promptsOfAsker(asker, say);
  const given = await answerOf(question, {
    prompts,
    approve: undefined,
    previewOf: () => undefined,
    onLeft: () => {},
  });
  if (given !== null) await tasks.answer(question.task, question.id, given).catch(() => false);
}
