import { buildCommand } from '@stricli/core';
import type { TokenView } from '../../api/access-contract.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { oneLine, table } from '../layout.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand token list`. */
export const tokenListCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'List the tokens: role, limits, when last used',
    fullDescription: `Example:
  deckhand token list`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result }) => {
      const tokens = await tasks.tokens();
      result({ tokens }, () => (tokens.length === 0 ? 'no tokens\n' : `${table(tokens.map(rowOf))}\n`));
      return 0;
    });
  },
});

function rowOf({ name, role, kinds, hosts, expiresAt, lastUsedAt }: TokenView): readonly string[] {
  const limits = [kinds && `kinds ${kinds.join(',')}`, hosts && `hosts ${hosts}`].filter(Boolean).join(' ');
  return [
    oneLine(name),
    role,
    oneLine(limits) || 'no limits',
    expiresAt === null ? 'does not expire' : `until ${new Date(expiresAt).toISOString()}`,
    lastUsedAt === null ? 'never used' : `last used ${new Date(lastUsedAt).toISOString()}`,
  ];
}
