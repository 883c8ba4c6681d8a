import { readFileSync } from 'node:fs';
import { terminalAsker } from './cli/asker.ts';
import { interruption } from './cli/interrupt.ts';
import { runCli } from './cli/main.ts';
import { processTerminal } from './cli/terminal.ts';
import { EXIT } from './core/error-table.ts';

// until the command says how it ended, it has not: nothing to wait for is no success
process.exitCode = EXIT.failed;

/** Wires the engine behind the command line. The engine is loaded when a command needs it. */
const { terminal, leave } = processTerminal();
const { signal, interrupt, sayOnInterrupt } = interruption({
  say: text => terminal.stderr.write(`${text}\n`),
  exit: code => process.exit(code),
});
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

const daemonControl = async () => (await import('./daemon/daemon-control.ts')).daemonControl;

const runTools = async () => (await import('./daemon/run-tools.ts')).runTools;

const policyTools = async () => (await import('./daemon/policy-tools.ts')).policyTools;

const ended = runCli(process.argv.slice(2), {
  terminal,
  signal,
  asker: terminal.interactive ? terminalAsker(signal) : null,
  sayOnInterrupt,
  openTasks: async options => (await import('./daemon/open-tasks.ts')).openTasks(options),
  daemon: {
    start: async () => await (await daemonControl()).start(),
    stop: async () => await (await daemonControl()).stop(),
    status: async () => await (await daemonControl()).status(),
    logs: async options => await (await daemonControl()).logs(options),
    run: async options => await (await daemonControl()).run(options),
  },
  runDemo: async surroundings => (await import('./daemon/demo.ts')).runDemo(surroundings),
  serveMcp: async options => (await import('./mcp/serve-mcp.ts')).serveMcp(options),
  policy: {
    explain: async (...about) => await (await policyTools()).explain(...about),
    test: async (...about) => await (await policyTools()).test(...about),
    audit: async () => await (await policyTools()).audit(),
  },
  runs: {
    undo: async (...about) => await (await runTools()).undo(...about),
    record: async (...about) => await (await runTools()).record(...about),
    replay: async (...about) => await (await runTools()).replay(...about),
  },
  version: () => {
    const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    return Promise.resolve((JSON.parse(text) as { readonly version: string }).version);
  },
});
void ended.then(leave);
