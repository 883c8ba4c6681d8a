import { buildCommand } from '@stricli/core';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { parseDuration } from '../../core/duration.ts';
import { confirm } from '../confirm.ts';
import type { CliContext } from '../context.ts';
import { statesOf } from '../find-tasks.ts';
import { list, outputFlags, type OutputFlags, toggle, value } from '../flags.ts';
import { count } from '../layout.ts';
import { withTasks } from '../task-session.ts';

interface RemoveFlags extends OutputFlags {
  readonly state: readonly string[];
  readonly olderThan: string | undefined;
  readonly force: boolean;
  readonly yes: boolean;
}

/** `deckhand task remove ID… | --state S | --older-than D`. */
export const taskRemoveCommand = buildCommand<RemoveFlags, string[], CliContext>({
  docs: {
    brief: 'Remove ended tasks with their output and events',
    fullDescription: `Everything given must hold: of these ids, in these states, ended longer ago. Asks before it removes.

Example:
  deckhand task remove task-01kf3m2x9q4v8w2t7n0
  deckhand task remove --state succeeded --older-than 30d --yes`,
  },
  parameters: {
    flags: {
      ...outputFlags,
      state: list('Only tasks in this state; comma separated, repeatable', 'STATE'),
      olderThan: value('Only tasks that ended longer ago: 12h, 30d', 'DURATION'),
      force: toggle('Cancel by force first what still runs'),
      yes: toggle('Do not ask'),
    },
    aliases: { y: 'yes' },
    positional: { kind: 'array', parameter: { parse: String, brief: 'Tasks', placeholder: 'ID' } },
  },
  async func(flags, ...ids) {
    await withTasks(this, flags, async ({ tasks, asker, result }) => {
      const states = statesOf(flags.state);
      const { olderThan } = flags;
      if (ids.length === 0 && states.length === 0 && olderThan === undefined)
        throw new DeckhandError('input.invalid', 'Name tasks, or give --state or --older-than.');
      const which = {
        ...(ids.length === 0 ? {} : { tasks: ids }),
        ...(states.length === 0 ? {} : { states }),
        ...(olderThan === undefined ? {} : { olderThan: parseDuration(olderThan, '--older-than') }),
        ...(flags.force ? { force: true } : {}),
      };
      const found = await tasks.remove({ ...which, dryRun: true });
      if (found.count > 0)
        await confirm(`Remove ${count(found.count, 'task')} with all output?`, flags.yes, asker);
      const removed = found.count === 0 ? found : await tasks.remove({ ...which, dryRun: false });
      result({ removed: removed.count }, () => `removed ${count(removed.count, 'task')}\n`);
      return 0;
    });
  },
});
