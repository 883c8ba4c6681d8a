import { buildCommand } from '@stricli/core';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { EXIT } from '../../core/error-table.ts';
import { reachOf } from '../chat-flags.ts';
import type { CliContext } from '../context.ts';
import { value } from '../flags.ts';
import { QUIET } from '../interrupt.ts';
import { reportErrors } from '../report-errors.ts';

interface McpFlags {
  readonly name: string | undefined;
  readonly sshConfig: string | undefined;
  readonly settings: string | undefined;
}

/** `deckhand mcp`. */
export const mcpCommand = buildCommand<McpFlags, [], CliContext>({
  docs: {
    brief: "Let a model's program use the hosts, by the Model Context Protocol",
    fullDescription: `Speaks MCP on standard input and output; the program starts it. It sees the hosts of the folder in which it is started. Each command is judged by the policy (as with policy.mode ask where none is set), every call is in the audit under mcp:NAME, and what needs an approval waits for a person.

In the program's settings: {"command": "deckhand", "args": ["mcp", "--name", "claude"]}

Example:
  deckhand mcp --name claude`,
  },
  parameters: {
    flags: {
      name: value('Its name in the audit; default agent', 'NAME'),
      sshConfig: value('OpenSSH client configuration to read instead of ~/.ssh/config', 'FILE'),
      settings: value('Settings file to read instead of the usual ones', 'FILE'),
    },
    aliases: { F: 'sshConfig' },
  },
  async func(flags) {
    await reportErrors(this, { json: false, jsonl: false }, async () => {
      const { surroundings } = this;
      const { terminal, signal } = surroundings;
      const name = flags.name ?? 'agent';
      if (!/^[\w.-]{1,64}$/.test(name))
        throw new DeckhandError('input.invalid', '--name: letters, digits, dots and dashes.');
      surroundings.sayOnInterrupt(QUIET);
      const say = (text: string): void => terminal.stderr.write(`${text}\n`);
      await using api = await surroundings.openTasks({ local: false, say, as: `mcp:${name}` });
      await surroundings.serveMcp({
        api,
        surroundings: reachOf(flags, terminal),
        version: await surroundings.version(),
        signal,
      });
      return EXIT.ok;
    });
  },
});
