import {
  type Application,
  type ApplicationText,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type Command,
  type RouteMap,
  text_en,
} from '@stricli/core';
import type { CommandEntry, CommandGroup } from './command-entry.ts';
import { COMMANDS } from './command-table.ts';
import type { CliContext } from './context.ts';

const FULL_DESCRIPTION = `Run, serve and repair on your own servers over SSH, by command or by intent, with nothing installed on them.

Start:
  deckhand hosts test web-1
  deckhand plan "serve hello on port 8080" --host web-1
  deckhand ask "serve hello on port 8080" --host web-1

Work is done by a daemon, which starts itself; --local works without one.

Exit codes: 0 ok, 1 failed, 2 usage, 3 some hosts failed, 4 unreachable, 5 authentication or host key,
6 refused by policy, 7 approval needed or declined, 8 timed out, 10 changes pending (plan, --dry-run), 130 interrupted.
\`exec\` on one host gives the remote exit code.`;

/**
 * The command line for these inputs: only the command that they name is loaded, of all others the brief is
 * known. `onUsageError` hears of every input that does not parse, and gives the text to print.
 */
export async function buildCli(
  inputs: readonly string[],
  onUsageError: (message: string) => string,
  version: () => Promise<string>,
): Promise<Application<CliContext>> {
  const text: ApplicationText = {
    ...text_en,
    exceptionWhileParsingArguments: error =>
      onUsageError(text_en.exceptionWhileParsingArguments.call({}, error, false)),
    noCommandRegisteredForInput: ({ input, corrections }) =>
      onUsageError(text_en.noCommandRegisteredForInput({ input, corrections, ansiColor: false })),
  };
  const words = inputs.filter(input => !input.startsWith('-'));
  const [first = ''] = inputs;
  const named = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  // what is named by its first word needs none of the others
  const entries = named ? { [first]: named } : COMMANDS;
  const brief = 'Run, serve and repair on your own servers over SSH, by command or by intent';
  return buildApplication(await routesOf(entries, words, { brief, fullDescription: FULL_DESCRIPTION }), {
    name: 'deckhand',
    versionInfo: { getCurrentVersion: version },
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { caseStyle: 'convert-camel-to-kebab', onlyRequiredInUsageLine: true },
    localization: { defaultLocale: 'en', loadText: () => text },
  });
}

async function routesOf(
  entries: Readonly<Record<string, CommandEntry | CommandGroup>>,
  [word, ...rest]: readonly string[],
  docs: {
    readonly brief: string;
    readonly fullDescription?: string;
    readonly otherwise?: string | undefined;
    /** False: the command line means another group. */
    readonly isNamed?: boolean;
  },
): Promise<RouteMap<CliContext>> {
  const { otherwise, isNamed = true, ...texts } = docs;
  const routes: Record<string, Command<CliContext> | RouteMap<CliContext>> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const named = name === word || (isNamed && name === otherwise && !Object.hasOwn(entries, word ?? ''));
    if ('commands' in entry)
      routes[name] = await routesOf(entry.commands, rest, { ...briefOf(entry), isNamed: named });
    else routes[name] = isNamed && named ? await entry.load() : placeholder(entry);
  }
  return buildRouteMap<string, CliContext>({
    routes,
    docs: texts,
    ...(otherwise === undefined ? {} : { defaultCommand: otherwise }),
  });
}

function briefOf({ brief, otherwise }: CommandGroup): Pick<CommandGroup, 'brief' | 'otherwise'> {
  return { brief, otherwise };
}

/** What listings need of a command that this command line does not name; it is never run. */
function placeholder({ brief }: CommandEntry): Command<CliContext> {
  return buildCommand({ docs: { brief }, parameters: {}, func: () => new Error(brief) });
}
