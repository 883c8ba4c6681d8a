import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { exitCodeOfHosts } from '../exit-code.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { renderFacts } from '../render-hosts.ts';

interface FactsFlags extends CommonFlags {
  readonly refresh: boolean;
}

/** `deckhand hosts facts SELECTOR`. */
export const hostsFactsCommand = buildCommand<FactsFlags, [string], CliContext>({
  docs: {
    brief: 'Show what is known of hosts: system, hardware, services',
    fullDescription: `Example:
  deckhand hosts facts web-1 --refresh --json`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      refresh: { kind: 'boolean', brief: 'Ask the host again', default: false, withNegated: false },
    },
    aliases: commonAliases,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Which hosts', placeholder: 'SELECTOR' }],
    },
  },
  async func(flags, selector) {
    await withEngine(this, flags, async session => {
      const hosts = await session.api.hostFacts(selector, flags.refresh, session.call);
      session.result({ hosts }, () => renderFacts(hosts, session.style));
      return exitCodeOfHosts(hosts);
    });
  },
});
