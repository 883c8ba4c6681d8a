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
  readonly archive: string | undefined;
  readonly sha256: string | undefined;
}

/** `deckhand model bundle`. */
export const modelBundleCommand = buildCommand<BundleFlags, [], CliContext>({
  docs: {
    brief: 'Make the engine that is sent to hosts, as one file that runs on any x86-64 Linux',
    fullDescription: `It is made from packages of Debian, from the mirror that apt uses on this machine, with apt's check of signatures and without root; nothing of this machine is changed. It is kept in the cache, and model deploy makes it by itself when it is not there. Of an archive of llama.cpp's releases it has no C library with it; model deploy --bundle takes it.

Example:
  deckhand model bundle
  deckhand model bundle --output llama.tar.gz
  deckhand model bundle --archive llama-b9999-bin-ubuntu-x64.tar.gz --sha256 0123…`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      suite: value('Suite of Debian to take it from. Default forky', 'NAME'),
      all: toggle('With code for every processor; larger'),
      refresh: toggle('Make it again although it is in the cache'),
      output: value('Also copy it to FILE', 'FILE'),
      archive: value("Make it of this archive of llama.cpp's own releases", 'FILE'),
      sha256: value('What the hash of the archive must be', 'HEX'),
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
