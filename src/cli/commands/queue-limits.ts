import { buildCommand } from '@stricli/core';
import type { QueueLimits } from '../../api/task-api.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { CliContext } from '../context.ts';
import { list, outputFlags, type OutputFlags, value } from '../flags.ts';
import { renderLimits } from '../render-queue.ts';
import { wholeNumber } from '../submission-flags.ts';
import { withTasks } from '../task-session.ts';

interface LimitsFlags extends OutputFlags {
  readonly total: string | undefined;
  readonly perHost: string | undefined;
  readonly host: readonly string[];
}

const MOST = 10_000;

/** `deckhand queue limits`. */
export const queueLimitsCommand = buildCommand<LimitsFlags, [], CliContext>({
  docs: {
    brief: 'Show or set how many tasks run at once',
    fullDescription: `Without flags they are shown. What runs is never stopped by a lower limit.

Example:
  deckhand queue limits --total 50 --per-host 2 --host db-1=1`,
  },
  parameters: {
    flags: {
      ...outputFlags,
      total: value('Tasks at once in all', 'N'),
      perHost: value('Tasks at once on one host', 'N'),
      host: list('The same for one host; NAME=default takes it back; repeatable', 'NAME=N'),
    },
  },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result }) => {
      const { total, perHost, host } = flags;
      const wanted: Partial<QueueLimits> = {
        ...(total === undefined ? {} : { total: wholeNumber(total, '--total', 1, MOST) }),
        ...(perHost === undefined ? {} : { perHost: wholeNumber(perHost, '--per-host', 1, MOST) }),
        ...(host.length === 0 ? {} : { hosts: hostLimits((await tasks.limits()).hosts, host) }),
      };
      const given = Object.keys(wanted).length > 0;
      const limits = given ? await tasks.setLimits(wanted) : await tasks.limits();
      result(limits, () => renderLimits(limits));
      return 0;
    });
  },
});

function hostLimits(known: QueueLimits['hosts'], texts: readonly string[]): QueueLimits['hosts'] {
  const hosts = new Map(Object.entries(known));
  for (const text of texts) {
    const border = text.lastIndexOf('=');
    const name = text.slice(0, border).trim();
    const most = text.slice(border + 1).trim();
    if (border < 1 || name === '')
      throw new DeckhandError('input.invalid', `--host: '${text}' is not NAME=N.`);
    if (most === 'default') hosts.delete(name);
    else hosts.set(name, wholeNumber(most, '--host', 1, MOST));
  }
  return Object.fromEntries(hosts);
}
