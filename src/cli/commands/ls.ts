import { buildCommand } from '@stricli/core';
import type { ListHostResult } from '../../api/contract.ts';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { renderError } from '../error-output.ts';
import { exitCodeOfHosts } from '../exit-code.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle, value } from '../flags.ts';
import { remotePlace } from '../host-path.ts';
import { oneLine } from '../layout.ts';
import { withoutSlash } from '../placement.ts';
import { renderListings } from '../render-listing.ts';
import { wholeNumber } from '../submission-flags.ts';
import { transferDisplay } from '../transfer-display.ts';

interface LsFlags extends CommonFlags {
  readonly recursive: boolean;
  readonly limit: string | undefined;
}

const MOST_ENTRIES = 1_000_000;

/** `deckhand ls HOSTS:PATH`. */
export const lsCommand = buildCommand<LsFlags, [string], CliContext>({
  docs: {
    brief: 'List a folder on hosts',
    fullDescription: `Mode, owner, group, bytes, time (UTC) and name of each entry. Line breaks and other control characters in names are shown as \\n and the like; --json has the exact names, as base64 where they are no text. When there are more entries than --limit the exit code is 1.

Example:
  deckhand ls web-1:/srv
  deckhand ls -r --json @web:/etc/nginx`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      recursive: toggle('All that is below, too'),
      limit: value('Entries at most. Default 10000', 'N'),
    },
    aliases: { ...commonAliases, r: 'recursive' },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'What to list', placeholder: 'HOSTS:PATH' }],
    },
  },
  async func(flags, word) {
    await withEngine(
      this,
      flags,
      async session => {
        const { hosts, path } = remotePlace(word, 'What is listed');
        const limit =
          flags.limit === undefined ? undefined : wholeNumber(flags.limit, '--limit', 1, MOST_ENTRIES);
        const { results } = await session.api.list(
          {
            hosts,
            path: withoutSlash(path),
            recursive: flags.recursive,
            ...(limit === undefined ? {} : { limit }),
          },
          session.call,
        );
        session.result({ results }, () => renderListings(results, session.style));
        for (const { error } of results) {
          if (error && !flags.json && !flags.jsonl)
            session.say(renderError(error, session.talkStyle).trimEnd());
        }
        return exitOf(results, session.say);
      },
      {
        display: transferDisplay,
        check: () => {
          remotePlace(word, 'What is listed');
          if (flags.limit !== undefined) wholeNumber(flags.limit, '--limit', 1, MOST_ENTRIES);
        },
      },
    );
  },
});

/** A cut listing must not look whole to a script. */
function exitOf(results: readonly ListHostResult[], say: (text: string) => void): number {
  const cut = results.filter(result => result.list?.truncated);
  for (const { host, list } of cut)
    say(`incomplete: ${oneLine(host)} has more than ${list?.entries.length ?? 0} entries; raise --limit`);
  const exit = exitCodeOfHosts(results);
  return exit === EXIT.ok && cut.length > 0 ? EXIT.failed : exit;
}
