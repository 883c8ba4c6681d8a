import { buildCommand } from '@stricli/core';
import { answerOf } from '../../api/over-tasks/person-answers.ts';
import type { FollowItem, Question, TaskView } from '../../api/task-api.ts';
import { EXIT } from '../../core/error-table.ts';
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
/** Events told of a task that is not followed. */
const EVENTS = 1000;

/** `deckhand task logs ID [-f]`. */
export const taskLogsCommand = buildCommand<LogsFlags, [string], CliContext>({
  docs: {
    brief: 'Print what a task put out; -f follows it to its end',
    fullDescription: `stdout and stderr of the command go to stdout and stderr, byte for byte (made safe on a terminal); of an agent run its progress goes to stderr and its report to stdout. With -f the exit code is the remote one, as with exec. Ctrl-C leaves the task alone.

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
        const seen = new Map(found.map(task => [task.id, task]));
        const exitCode = flags.follow
          ? await follow(session, id, seen, flags, log)
          : await printAll(session, found, flags, log);
        const tasks = [...seen.values()];
        session.result(flags.json ? log.document(tasks) : { tasks }, () => '');
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
  for (const event of await session.tasks.events(task.id, 0, EVENTS))
    log.item({ item: 'event', event, cursor: '' });
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
  log.report(task, session.style);
}

async function follow(
  session: TaskSession,
  id: string,
  seen: Map<string, TaskView>,
  flags: LogsFlags,
  log: TaskLog,
): Promise<number> {
  const { tasks, signal, asker } = session;
  let cursor = flags.after;
  const after = flags.after === undefined ? {} : { after: flags.after };
  const items = tasks.follow(id, { signal, answers: asker !== null, ...after });
  try {
    for await (const item of items) {
      log.item(item);
      if ('cursor' in item) cursor = item.cursor;
      if (item.item === 'ended') {
        seen.set(item.task.id, item.task);
        log.report(item.task, session.style);
      } else if (item.item === 'question') void answer(session, item.question);
      else await noteApproval(session, item);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted) {
    const from = cursor === undefined ? '' : ` --after ${cursor}`;
    session.say(`left; the task goes on. To go on reading: deckhand task logs -f ${id}${from}`);
    return EXIT.interrupted;
  }
  return exitCodeOfTasks([...seen.values()]);
}

/** Only while it waits: what is followed from its beginning may have been answered long ago. */
async function noteApproval({ tasks, say }: TaskSession, item: FollowItem): Promise<void> {
  if (item.item !== 'event' || item.event.kind !== 'task-state' || item.event.state !== 'waiting-approval')
    return;
  const { task } = item.event;
  const open = (await tasks.approvals('open')).find(approval => approval.task === task);
  if (open) say(`waits for an approval: deckhand approvals approve ${open.id}`);
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
