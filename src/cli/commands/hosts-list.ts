import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { renderHostList } from '../render-hosts.ts';

/** `deckhand hosts list [SELECTOR]`. */
export const hostsListCommand = buildCommand<CommonFlags, [string?], CliContext>({
  docs: {
    brief: 'List known hosts and where each comes from',
    fullDescription: `Hosts come from deckhand.yaml and from the OpenSSH client configuration.

Example:
  deckhand hosts list @web`,
  },
  parameters: {
    flags: commonFlags,
    aliases: commonAliases,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, optional: true, brief: 'Only these', placeholder: 'SELECTOR' }],
    },
  },
  async func(flags, selector) {
    await withEngine(this, flags, async session => {
      const hosts = await session.api.listHosts(selector ?? null);
      session.result({ hosts }, () => renderHostList(hosts, session.style));
      return 0;
    });
  },
});
