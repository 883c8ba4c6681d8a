import type { TaskApi, TaskView } from '../api/task-api.ts';
import { z } from '../core/schema.ts';
import { factsOf, resultOf } from './follow-tasks.ts';
import { tool, type ToolParts } from './register-tool.ts';
import { answer } from './tool-answer.ts';

const LONGEST_WAIT = 600;

/** What came of runs, and the way to end all of them. */
export function registerOversightTools(parts: ToolParts): void {
  const { api, signal } = parts;
  const id = z.string().min(1).max(100).describe('Id of a task or a group');
  tool(
    parts,
    {
      name: 'task_wait',
      description: 'Waits until tasks have ended, also through the time in which a person is asked.',
      input: {
        id,
        wait: z
          .number()
          .int()
          .min(1)
          .max(LONGEST_WAIT)
          .default(60)
          .describe('Seconds; then it tells how they are'),
      },
      readOnly: true,
    },
    async ({ id: wanted, wait }) => {
      const tasks = await untilEnded(
        api,
        wanted,
        AbortSignal.any([signal, AbortSignal.timeout(wait * 1000)]),
      );
      signal.throwIfAborted();
      return answer(
        { tasks: tasks.map(factsOf) },
        tasks.map(task => resultOf(task)),
      );
    },
  );
  tool(
    parts,
    {
      name: 'run_report',
      description: 'What a run of the agent did, with the command that proves each sentence, as Markdown.',
      input: { id: z.string().min(1).max(100).describe('Id of a task of kind agent.run') },
      readOnly: true,
    },
    async ({ id: run }) => {
      const [{ text }, { state }] = await Promise.all([api.report(run, 'markdown'), api.task(run)]);
      return answer({ run, state }, [{ from: `${run} report`, text }]);
    },
  );
  tool(
    parts,
    {
      name: 'stop_all',
      description:
        'Emergency stop: cancels every run and lets none begin until a person clears it. For when something goes wrong.',
      input: {},
      readOnly: false,
    },
    async () => {
      const { stop, tasks } = await api.stopAll({ force: false });
      return answer({ stop, tasks: tasks.map(factsOf) });
    },
  );
}

/** A task, or all of a group, when nothing of it goes on or nobody waits any more. */
async function untilEnded(api: TaskApi, id: string, enough: AbortSignal): Promise<readonly TaskView[]> {
  const ids = new Set<string>(id.startsWith('group-') ? [] : [id]);
  for await (const item of api.follow(id, { signal: enough })) {
    if (item.item === 'submitted') for (const task of item.submitted.tasks) ids.add(task.id);
    else if (item.item === 'ended') ids.add(item.task.id);
    else if (item.item === 'event') ids.add(item.event.task);
    else if (item.item === 'output') ids.add(item.task);
  }
  return await Promise.all([...ids].map(async task => await api.task(task)));
}
