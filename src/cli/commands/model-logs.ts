import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags, value } from '../flags.ts';
import { deploymentPlace, modelNumber, showModels } from '../model-flags.ts';

interface LogsFlags extends CommonFlags {
  readonly lines: string | undefined;
}

/** `deckhand model logs HOST/NAME`. */
export const modelLogsCommand = buildCommand<LogsFlags, [string], CliContext>({
  docs: {
    brief: "Print the end of a model server's log",
    fullDescription: `Example:
  deckhand model logs web-1/tiny --lines 50`,
  },
  parameters: {
    flags: { ...commonFlags, lines: value('Lines from the end. Default 200', 'N') },
    aliases: { ...commonAliases, n: 'lines' },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Which model server', placeholder: 'HOST/NAME' }],
    },
  },
  async func(flags, word) {
    await withEngine(this, flags, async session => {
      const lines = flags.lines === undefined ? {} : { lines: modelNumber('lines', flags.lines) };
      const results = await session.api.modelLogs({ ...deploymentPlace(word), ...lines }, session.call);
      return showModels(session, results, () => results.map(({ result }) => result?.log ?? '').join(''));
    });
  },
});
