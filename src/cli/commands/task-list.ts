import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { statesOf } from '../find-tasks.ts';
import { list, outputFlags, type OutputFlags, value } from '../flags.ts';
import { renderTaskList } from '../render-tasks.ts';
import { wholeNumber } from '../submission-flags.ts';
import { withTasks } from '../task-session.ts';

interface ListFlags extends OutputFlags {
  readonly state: readonly string[];
  readonly kind: string | undefined;
  readonly host: string | undefined;
  readonly tag: string | undefined;
  readonly category: string | undefined;
  readonly group: string | undefined;
  readonly limit: string | undefined;
  readonly cursor: string | undefined;
}

/** Tasks of one page. */
const PAGE = 30;

/** `deckhand task list`. */
export const taskListCommand = buildCommand<ListFlags, [], CliContext>({
  docs: {
    brief: 'List tasks, newest first',
    fullDescription: `Every flag narrows the list.

Example:
  deckhand task list --state running --host web-1
  deckhand task list --state failed,lost --limit 100 --json`,
  },
  parameters: {
    flags: {
      ...outputFlags,
      state: list('Only tasks in this state; comma separated, repeatable', 'STATE'),
      kind: value('Only tasks of this kind: ssh.execute, agent.run', 'KIND'),
      host: value('Only tasks on this host', 'HOST'),
      tag: value('Only tasks with this tag', 'TAG'),
      category: value('Only tasks of this category', 'NAME'),
      group: value('Only tasks that were made together', 'ID'),
      limit: value(`Most tasks to list, at most 1000. Default ${PAGE}`, 'N'),
      cursor: value('Go on where the page before ended', 'CURSOR'),
    },
  },
  async func(flags) {
    await withTasks(this, flags, async session => {
      const { kind, host, tag, category, group, cursor } = flags;
      const states = statesOf(flags.state);
      const page = await session.tasks.tasks({
        limit: flags.limit === undefined ? PAGE : wholeNumber(flags.limit, '--limit', 1, 1000),
        ...(states.length === 0 ? {} : { states }),
        ...(kind === undefined ? {} : { kind }),
        ...(host === undefined ? {} : { host }),
        ...(tag === undefined ? {} : { tag }),
        ...(category === undefined ? {} : { category }),
        ...(group === undefined ? {} : { group }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      session.result(page, () => renderTaskList(page.tasks, Date.now(), session.style));
      if (page.next !== null && !flags.json && !flags.jsonl)
        session.say(`there are more: deckhand task list --cursor ${page.next}`);
      return 0;
    });
  },
});
