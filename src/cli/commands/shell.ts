import { buildCommand } from '@stricli/core';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { printError } from '../error-output.ts';
import { exitCodeOfError, exitOfSignal } from '../exit-code.ts';
import { commonAliases, commonFlags, type CommonFlags, list, value } from '../flags.ts';
import { QUIET } from '../interrupt.ts';
import { collectPrompts } from '../person-prompts.ts';
import { talkWithShell } from '../shell-talk.ts';
import { surroundingsOf } from '../surroundings.ts';
import { withTasks } from '../task-session.ts';

interface ShellFlags
  extends Pick<CommonFlags, 'local' | 'sshConfig' | 'settings' | 'askPassword' | 'acceptHostKey'> {
  readonly approve: string | undefined;
  readonly risk: readonly string[];
}

/** Flags of other commands that a shell does not have. */
const WITHOUT = {
  json: false,
  jsonl: false,
  askSudoPassword: false,
  sudoPasswordFile: undefined,
  sudoPasswordFd: undefined,
  timeout: undefined,
  idleTimeout: undefined,
  concurrency: undefined,
  outputLimit: undefined,
} as const;

/** `deckhand shell HOST`: a terminal on a host. */
export const shellCommand = buildCommand<ShellFlags, [string], CliContext>({
  docs: {
    brief: 'Open a terminal on a host',
    fullDescription: `The login shell of the account, on a terminal. The exit code is that of the shell. \`~.\` at the beginning of a line hangs up.

Example:
  deckhand shell web-1`,
  },
  parameters: {
    flags: {
      local: commonFlags.local,
      sshConfig: commonFlags.sshConfig,
      settings: commonFlags.settings,
      askPassword: commonFlags.askPassword,
      acceptHostKey: commonFlags.acceptHostKey,
      approve: value('Approve what the policy asks about: the hash it named', 'HASH'),
      risk: list('A risk that you take with --approve, such as data-loss; repeatable', 'NAME'),
    },
    aliases: commonAliases,
    positional: { kind: 'tuple', parameters: [{ parse: String, brief: 'Which host', placeholder: 'HOST' }] },
  },
  async func(given, host) {
    const flags = { ...WITHOUT, ...given };
    await withTasks(this, flags, async ({ tasks, terminal, asker, say, signal }) => {
      const { takeTerminal, environment, stdout } = terminal;
      if (takeTerminal === null)
        throw new DeckhandError('input.prompt-needed', 'A shell needs a terminal here, and there is none.', {
          hint: `Run a command instead: deckhand exec ${host} -- COMMAND`,
        });
      const { prompts } = await collectPrompts(flags, asker, say);
      const term = /^[\w.+-]{1,60}$/.exec(environment['TERM'] ?? '')?.[0];
      const { ticket } = await tasks.openTerminal(surroundingsOf(flags, terminal), host, {
        columns: stdout.columns(),
        rows: stdout.rows(),
        ...(term !== undefined && { term }),
        ...(flags.approve !== undefined && { approval: { hash: flags.approve, risks: flags.risk } }),
      });
      const line = await tasks.attachTerminal(host, ticket, { signal });
      this.surroundings.sayOnInterrupt(QUIET);
      const { exitCode, signal: killedBy, error } = await talkWithShell({ line, prompts, takeTerminal });
      if (error) {
        printError(terminal, flags, error);
        return exitCodeOfError(error);
      }
      if (signal.aborted) return EXIT.interrupted;
      return killedBy === null ? (exitCode ?? EXIT.ok) : exitOfSignal(killedBy);
    });
  },
});
