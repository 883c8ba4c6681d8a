import { buildCommand } from '@stricli/core';
import type { LogRequest } from '../../api/contract.ts';
import { EXIT } from '../../core/error-table.ts';
import type { OnEvent } from '../../core/run-event.ts';
import type { CliContext } from '../context.ts';
import { type EngineSession, withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle, value } from '../flags.ts';
import { deploymentPlace, deploymentWord, modelNumber, showModels } from '../model-flags.ts';
import { remoteWriter } from '../remote-writer.ts';
import type { Output } from '../terminal.ts';

interface LogsFlags extends CommonFlags {
  readonly lines: string | undefined;
  readonly follow: boolean;
}

/** `deckhand model logs HOST/NAME`. */
export const modelLogsCommand = buildCommand<LogsFlags, [string], CliContext>({
  docs: {
    brief: "Print the end of a model server's log",
    fullDescription: `With -f it goes on until Ctrl-C, over restarts, upgrades and lost connections.

Example:
  deckhand model logs web-1/tiny --lines 50
  deckhand model logs -f web-1/tiny`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      lines: value('Lines from the end. Default 200', 'N'),
      follow: toggle('Go on with what is written from now on'),
    },
    aliases: { ...commonAliases, n: 'lines', f: 'follow' },
    positional: deploymentWord,
  },
  async func(flags, word) {
    const { stdout } = this.surroundings.terminal;
    const { follow } = flags;
    await withEngine(
      this,
      flags,
      async session => {
        const lines = flags.lines === undefined ? {} : { lines: modelNumber('lines', flags.lines) };
        const request = { ...deploymentPlace(word), ...lines };
        if (follow) return await followed(session, request, stdout);
        const results = await session.api.modelLogs(request, session.call);
        return showModels(session, results, () => results.map(({ result }) => result?.log ?? '').join(''));
      },
      { progress: !follow },
    );
  },
});

async function followed(session: EngineSession, request: LogRequest, stdout: Output): Promise<number> {
  const writer = remoteWriter(stdout);
  const { flags, call } = session;
  const onEvent: OnEvent = event => {
    if (event.kind === 'output' && !flags.json && !flags.jsonl) writer.write(event.bytes);
    else call.onEvent(event);
  };
  const results = await session.api.followModelLog(request, { ...call, onEvent });
  writer.end();
  // its end was asked for: nothing is wrong
  if (session.signal.aborted) return EXIT.interrupted;
  return showModels(session, results, () => '');
}
