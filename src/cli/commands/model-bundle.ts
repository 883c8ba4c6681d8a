import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle, value } from '../flags.ts';
import { bundleRequest } from '../model-flags.ts';
import { renderBundle } from '../render-models.ts';

interface BundleFlags extends CommonFlags {
  readonly suite: string | undefined;
  readonly all: boolean;
  readonly refresh: boolean;
  readonly output: string | undefined;
}

/** `deckhand model bundle`. */
export const modelBundleCommand = buildCommand<BundleFlags, [], CliContext>({
  docs: {
    brief: 'Make the engine that is sent to hosts, as one file that runs on any x86-64 Linux',
    fullDescription: `It is made from packages of Debian, from the mirror that apt uses on this machine, with apt's check of signatures and without root; nothing of this machine is changed. It is kept in the cache, and model deploy makes it by itself when it is not there.

Example:
  deckhand model bundle
  deckhand model bundle --output llama.tar.gz`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      suite: value('Suite of Debian to take it from. Default forky', 'NAME'),
      all: toggle('With code for every processor; larger'),
      refresh: toggle('Make it again although it is in the cache'),
      output: value('Also copy it to FILE', 'FILE'),
    },
    aliases: commonAliases,
  },
  async func(flags) {
    await withEngine(this, flags, async session => {
      const bundle = await session.api.makeBundle(bundleRequest(flags), session.call);
      session.result(bundle, () => renderBundle(bundle, session.style));
      return 0;
    });
  },
});
