import { type ApplicationText, buildApplication, buildRouteMap, text_en } from '@stricli/core';
import { applyCommand } from './commands/apply.ts';
import { askCommand } from './commands/ask.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { execCommand } from './commands/exec.ts';
import { hostsAddCommand } from './commands/hosts-add.ts';
import { hostsFactsCommand } from './commands/hosts-facts.ts';
import { hostsListCommand } from './commands/hosts-list.ts';
import { hostsTestCommand } from './commands/hosts-test.ts';
import { planCommand } from './commands/plan.ts';
import { runbookListCommand } from './commands/runbook-list.ts';
import { runbookShowCommand } from './commands/runbook-show.ts';
import type { CliContext } from './context.ts';

const hosts = buildRouteMap<'list' | 'add' | 'test' | 'facts', CliContext>({
  routes: {
    list: hostsListCommand,
    add: hostsAddCommand,
    test: hostsTestCommand,
    facts: hostsFactsCommand,
  },
  docs: { brief: 'List, add, test and describe hosts' },
});

const runbook = buildRouteMap<'list' | 'show', CliContext>({
  routes: { list: runbookListCommand, show: runbookShowCommand },
  docs: { brief: 'List and show runbooks' },
});

const root = buildRouteMap({
  routes: {
    ask: askCommand,
    plan: planCommand,
    apply: applyCommand,
    exec: execCommand,
    hosts,
    runbook,
    doctor: doctorCommand,
    demo: demoCommand,
  },
  docs: {
    brief: 'Run, serve and repair on your own servers over SSH, by command or by intent',
    fullDescription: `Run, serve and repair on your own servers over SSH, by command or by intent, with nothing installed on them.

Start:
  deckhand hosts test web-1
  deckhand plan "serve hello on port 8080" --host web-1
  deckhand ask "serve hello on port 8080" --host web-1

Exit codes: 0 ok, 1 failed, 2 usage, 3 some hosts failed, 4 unreachable, 5 authentication or host key,
6 refused by policy, 7 approval needed or declined, 8 timed out, 10 changes pending (plan), 130 interrupted.
\`exec\` on one host gives the remote exit code.`,
  },
});

/** The whole command line. `onUsageError` hears of every input that does not parse, and gives the text to print. */
export function buildCli(onUsageError: (message: string) => string, version: () => Promise<string>) {
  const text: ApplicationText = {
    ...text_en,
    exceptionWhileParsingArguments: error =>
      onUsageError(text_en.exceptionWhileParsingArguments.call({}, error, false)),
    noCommandRegisteredForInput: ({ input, corrections }) =>
      onUsageError(text_en.noCommandRegisteredForInput({ input, corrections, ansiColor: false })),
  };
  return buildApplication(root, {
    name: 'deckhand',
    versionInfo: { getCurrentVersion: version },
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { caseStyle: 'convert-camel-to-kebab', onlyRequiredInUsageLine: true },
    localization: { defaultLocale: 'en', loadText: () => text },
  });
}
