import { buildCommand } from '@stricli/core';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { oneLine } from '../layout.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand notify test`. */
export const notifyTestCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'Tell every receiver of your settings something, and show which of them took it',
    fullDescription: `Receivers are in \`notify:\` of the settings file of your account. Exit code 1 when one did not take the message.

Example:
  deckhand notify test`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const receivers = await tasks.testNotifications();
      result({ receivers }, () => {
        if (receivers.length === 0)
          return 'Nobody is told of anything: `notify:` of your settings is empty.\n';
        const lines = receivers.map(({ channel, on, error }) => {
          const word = error ? style.bad('failed') : style.good('told');
          const why = error ? `\n    ${oneLine(error.message)}\n    next: ${oneLine(error.hint)}` : '';
          return `${word}  ${oneLine(channel)}  ${style.faint(on.join(', '))}${why}`;
        });
        return `${lines.join('\n')}\n`;
      });
      return receivers.every(({ error }) => error === null) ? EXIT.ok : EXIT.failed;
    });
  },
});
