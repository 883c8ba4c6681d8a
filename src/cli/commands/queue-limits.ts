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
      const { total, perHost } = flags;
      const changes = changesOf(flags.host);
      const wanted: Partial<QueueLimits> = {
        ...(total === undefined ? {} : { total: wholeNumber(total, '--total', 1, MOST) }),
        ...(perHost === undefined ? {} : { perHost: wholeNumber(perHost, '--per-host', 1, MOST) }),
        ...(changes.size === 0 ? {} : { hosts: changed((await tasks.limits()).hosts, changes) }),
      };
      const given = Object.keys(wanted).length > 0;
      const limits = given ? await tasks.setLimits(wanted) : await tasks.limits();
      result(limits, () => renderLimits(limits));
      return 0;
    });
  },
});

/** Null takes a limit back. */
function changesOf(texts: readonly string[]): ReadonlyMap<string, number | null> {
  const changes = new Map<string, number | null>();
  for (const text of texts) {
    const border = text.lastIndexOf('=');
    const name = text.slice(0, border).trim();
    const most = text.slice(border + 1).trim();
    if (border < 1 || name === '')
      throw new DeckhandError('input.invalid', `--host: '${text}' is not NAME=N.`);
    changes.set(name, most === 'default' ? null : wholeNumber(most, '--host', 1, MOST));
  }
  return changes;
}

function changed(
  known: QueueLimits['hosts'],
  changes: ReadonlyMap<string, number | null>,
): QueueLimits['hosts'] {
  const hosts = new Map(Object.entries(known));
  for (const [name, most] of changes) {
    if (most === null) hosts.delete(name);
    else hosts.set(name, most);
  }
  return Object.fromEntries(hosts);
}
