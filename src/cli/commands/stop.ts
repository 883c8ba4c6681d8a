import { buildCommand } from '@stricli/core';
import type { EmergencyStop } from '../../api/oversight-contract.ts';
import type { TaskView } from '../../api/task-api.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { parseDuration } from '../../core/duration.ts';
import { EXIT } from '../../core/error-table.ts';
import { isFinal } from '../../core/task-state.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags, toggle, value } from '../flags.ts';
import { count, oneLine } from '../layout.ts';
import { renderTaskList } from '../render-tasks.ts';
import { type TaskSession, withTasks } from '../task-session.ts';

interface StopFlags extends OutputFlags {
  readonly all: boolean;
  readonly force: boolean;
  readonly clear: boolean;
  readonly detach: boolean;
  readonly cooldown: string | undefined;
}

/** `deckhand stop --all [--force]`, `deckhand stop --clear`. */
export const stopCommand = buildCommand<StopFlags, [], CliContext>({
  docs: {
    brief: 'Stop every run at once, and let none begin until it is cleared',
    fullDescription: `Each run that has not ended is cancelled, and what it began on hosts is ended there: the stop is done when those processes were
seen to be gone. Until --clear, or the end of --cooldown, new runs are refused; \`exec\` and \`plan\` still work. Exit code 1 when a run
could not be proved to be over.

Example:
  deckhand stop --all
  deckhand stop --clear`,
  },
  parameters: {
    flags: {
      ...outputFlags,
      all: toggle('Stop every run'),
      force: toggle('KILL at once, and do not wait for hosts that cannot be reached'),
      clear: toggle('Let runs begin again'),
      detach: toggle('Only ask for it; do not wait until it is proved'),
      cooldown: value('Let runs begin again by themselves after this time', 'DURATION'),
    },
  },
  async func(flags) {
    await withTasks(this, flags, async session => {
      checkFlags(flags);
      if (flags.clear) return await clear(session);
      if (flags.all) return await stopAll(session, flags);
      const stop = await session.tasks.emergencyStop();
      session.result({ stop }, () => `${stop ? stopWords(stop) : 'No stop holds: runs may begin.'}\n`);
      return EXIT.ok;
    });
  },
});

function checkFlags({ all, clear, force, detach, cooldown }: StopFlags): void {
  if (all && clear) throw new DeckhandError('input.invalid', '--all and --clear exclude each other.');
  if (!all && (force || detach || cooldown !== undefined))
    throw new DeckhandError('input.invalid', '--force, --detach and --cooldown need --all.');
}

async function clear({ tasks, result }: TaskSession): Promise<number> {
  const cleared = await tasks.clearStop();
  result({ cleared }, () => (cleared ? 'Runs may begin again.\n' : 'No stop held.\n'));
  return EXIT.ok;
}

async function stopAll(session: TaskSession, { force, detach, cooldown }: StopFlags): Promise<number> {
  const limit = cooldown === undefined ? {} : { cooldown: parseDuration(cooldown, '--cooldown') };
  const { stop, tasks: asked } = await session.tasks.stopAll({ force, ...limit });
  session.say(`${stopWords(stop)} ${count(asked.length, 'run')} to cancel.`);
  const tasks = detach ? asked : await Promise.all(asked.map(async task => await ended(session, task)));
  session.result({ stop, tasks }, () =>
    tasks.length === 0 ? 'No run was under way.\n' : renderTaskList(tasks, Date.now(), session.style),
  );
  const proved = tasks.every(
    ({ state, error }) => state === 'cancelled' && error?.code !== 'command.cancel-unproved',
  );
  return proved || detach ? EXIT.ok : EXIT.failed;
}

/** The task as it ended; a run whose host is out of reach is waited for, until Ctrl-C. */
async function ended({ tasks, signal }: TaskSession, task: TaskView): Promise<TaskView> {
  if (isFinal(task.state)) return task;
  for await (const item of tasks.follow(task.id, { signal })) if (item.item === 'ended') return item.task;
  signal.throwIfAborted();
  return await tasks.task(task.id);
}

function stopWords({ since, who, until }: EmergencyStop): string {
  return `${oneLine(who)} stopped all runs at ${since}${until === null ? '; clear it with `deckhand stop --clear`' : ` until ${until}`}.`;
}
