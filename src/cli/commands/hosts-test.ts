import { buildCommand } from '@stricli/core';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { combineExits, exitCodeOfError } from '../exit-code.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { renderHostTests } from '../render-hosts.ts';

/** `deckhand hosts test SELECTOR`. */
export const hostsTestCommand = buildCommand<CommonFlags, [string], CliContext>({
  docs: {
    brief: 'Try to reach hosts: network, host key, login, shell',
    fullDescription: `Example:
  deckhand hosts test @web`,
  },
  parameters: {
    flags: commonFlags,
    aliases: commonAliases,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Which hosts', placeholder: 'SELECTOR' }],
    },
  },
  async func(flags, selector) {
    await withEngine(this, flags, async session => {
      const hosts = await session.api.testHosts(selector, session.call);
      session.result({ hosts }, () => renderHostTests(hosts, session.style));
      return combineExits(
        hosts.map(host => (host.ok ? null : host.error ? exitCodeOfError(host.error) : EXIT.failed)),
      );
    });
  },
});
