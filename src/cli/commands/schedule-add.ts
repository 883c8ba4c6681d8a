import { buildCommand } from '@stricli/core';
import { execSubmission, runSubmission, type SubmissionBase } from '../../api/over-tasks/submissions.ts';
import type { Submission } from '../../api/task-api.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { CliContext } from '../context.ts';
import {
  commonFlags,
  type IntentFlags,
  intentFlags,
  outputFlags,
  type OutputFlags,
  toggle,
  value,
} from '../flags.ts';
import { planRequestOf, selectorOf } from '../plan-request.ts';
import { renderSchedules } from '../render-queue.ts';
import { extraFlags, extrasOf, type SubmissionFlags } from '../submission-flags.ts';
import { type ReachFlags, surroundingsOf } from '../surroundings.ts';
import { withTasks } from '../task-session.ts';

type AddFlags = OutputFlags &
  Omit<ReachFlags, 'concurrency'> &
  Pick<IntentFlags, 'host' | 'set' | 'runbook'> &
  Pick<SubmissionFlags, keyof typeof extraFlags> & {
    readonly intent: string | undefined;
    readonly root: boolean;
    readonly yes: boolean;
    readonly timeZone: string | undefined;
    readonly missed: string | undefined;
  };

/** `deckhand schedule add NAME WHEN --host SELECTOR -- COMMAND…`. */
export const scheduleAddCommand = buildCommand<
  AddFlags,
  [string, string, ...string[]] & string[],
  CliContext
>({
  docs: {
    brief: 'Run a command, a runbook or an intent again and again',
    customUsage: [
      '[flags] NAME WHEN --host SELECTOR -- COMMAND...',
      '[flags] NAME WHEN --host SELECTOR --runbook NAME',
    ],
    fullDescription: `WHEN is a cron line of five fields, or an interval such as 'every 15m'.

Example:
  deckhand schedule add nightly '0 3 * * *' --host @web --root -- apt-get update
  deckhand schedule add page 'every 15m' --host web-1 --runbook serve-page --set port=80 --yes`,
  },
  parameters: {
    flags: {
      ...outputFlags,
      ...extraFlags,
      host: intentFlags.host,
      intent: value('What should be true, in plain words, instead of a command', 'TEXT'),
      runbook: value('A runbook instead of a command', 'NAME'),
      set: intentFlags.set,
      yes: toggle('Approve what the intent or runbook changes, each time; else it waits for an approval'),
      root: toggle('Run the command as root (directly or by sudo)'),
      timeZone: value("Time zone of the cron line, as Europe/Berlin. Default this machine's", 'ZONE'),
      missed: value('Runs missed while the daemon did not run: skip or once. Default skip', 'skip|once'),
      sshConfig: commonFlags.sshConfig,
      settings: commonFlags.settings,
      timeout: commonFlags.timeout,
      idleTimeout: commonFlags.idleTimeout,
      outputLimit: commonFlags.outputLimit,
    },
    aliases: { F: 'sshConfig', y: 'yes' },
    positional: {
      kind: 'array',
      minimum: 2,
      parameter: { parse: String, brief: 'Name, when, then the command', placeholder: 'NAME WHEN' },
    },
  },
  async func(flags, name, when, ...words) {
    await withTasks(this, flags, async ({ tasks, result, style, terminal }) => {
      const { timeZone, missed } = flags;
      if (missed !== undefined && missed !== 'skip' && missed !== 'once')
        throw new DeckhandError('input.invalid', `--missed: '${missed}' is neither skip nor once.`);
      const schedule = await tasks.addSchedule({
        name,
        when,
        ...(timeZone === undefined ? {} : { timeZone }),
        ...(missed === undefined ? {} : { missed }),
        submission: submissionOf(flags, words, {
          surroundings: surroundingsOf({ ...flags, concurrency: undefined }, terminal),
          extras: extrasOf(flags),
        }),
      });
      result({ schedule }, () => renderSchedules([schedule], style));
      return 0;
    });
  },
});

function submissionOf(flags: AddFlags, words: readonly string[], base: SubmissionBase): Submission {
  const { intent, runbook } = flags;
  const hosts = selectorOf(flags.host);
  const planned = intent !== undefined || runbook !== undefined;
  if (words.length > 0 && planned)
    throw new DeckhandError('input.invalid', 'Give a command, or --intent or --runbook, not both.');
  if (words.length > 0)
    return execSubmission({ hosts, command: words.join(' '), root: flags.root, direct: false }, base);
  if (!planned)
    throw new DeckhandError('input.invalid', 'Give a command after --, or --intent or --runbook.');
  const request = planRequestOf(flags, intent === undefined ? [] : [intent]);
  return runSubmission({ ...request, confirm: 'plan' }, flags.yes ? 'yes' : 'ask', base);
}
