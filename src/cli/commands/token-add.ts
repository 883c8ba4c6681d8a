import { buildCommand } from '@stricli/core';
import { ROLES, type Role } from '../../api/caller.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { parseDuration } from '../../core/duration.ts';
import { reachFlags, type ReachFlags, reachOf } from '../chat-flags.ts';
import type { CliContext } from '../context.ts';
import { value } from '../flags.ts';
import { withTasks } from '../task-session.ts';

interface TokenAddFlags extends ReachFlags {
  readonly role: string | undefined;
  readonly kinds: string | undefined;
  readonly hosts: string | undefined;
  readonly expires: string | undefined;
}

/** `deckhand token add NAME --role ROLE`. */
export const tokenAddCommand = buildCommand<TokenAddFlags, [string], CliContext>({
  docs: {
    brief: 'Make a token with which others may ask the daemon',
    fullDescription: `Prints it once; only its hash is kept. Viewers look; operators submit and cancel work on hosts; approvers answer approvals, never their own; admins do everything. Tasks that read or write files of this machine, or open its ports, are for operators only when --kinds names them.

Whoever has it sees the hosts and settings of the folder in which it was made.

Example:
  deckhand token add ci --role operator --hosts @web --expires 30d
  deckhand token add dashboard --role viewer`,
  },
  parameters: {
    flags: {
      ...reachFlags,
      role: value(ROLES.join(', '), 'ROLE'),
      kinds: value('Only tasks of these kinds, separated by commas', 'KIND,…'),
      hosts: value('Only tasks on these hosts', 'SELECTOR'),
      expires: value('How long it works: 12h, 30d; default until it is removed', 'DURATION'),
    },
    aliases: { F: 'sshConfig' },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'Its name, as the audit log shows it', parse: String, placeholder: 'NAME' }],
    },
  },
  async func(flags, name) {
    await withTasks(this, flags, async ({ tasks, terminal, result, say }) => {
      const { kinds, hosts, expires } = flags;
      const { token, view } = await tasks.addToken(reachOf(flags, terminal), {
        name,
        role: roleOf(flags.role),
        ...(kinds !== undefined && { kinds: kinds.split(',').map(kind => kind.trim()) }),
        ...(hosts !== undefined && { hosts }),
        ...(expires !== undefined && { expiresIn: parseDuration(expires, '--expires') }),
      });
      say('keep it now: it is not shown again');
      result({ token, view }, () => `${token}\n`);
      return 0;
    });
  },
});

function roleOf(text: string | undefined): Role {
  const role = ROLES.find(known => known === text);
  if (role) return role;
  throw new DeckhandError('input.invalid', `--role: give one of ${ROLES.join(', ')}.`, {
    details: { field: 'role' },
  });
}
