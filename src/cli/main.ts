import { run } from '@stricli/core';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { EXIT } from '../core/error-table.ts';
import { buildCli } from './application.ts';
import type { CliContext, CliSurroundings } from './context.ts';
import { renderError } from './error-output.ts';
import { jsonDocument, jsonResultLine } from './json-output.ts';
import { styleFor } from './style.ts';

/** Runs one command line (without program name) and gives the exit code; never throws. */
export async function runCli(inputs: readonly string[], surroundings: CliSurroundings): Promise<number> {
  const { terminal } = surroundings;
  const faults: DeckhandError[] = [];
  const onUsageError = (message: string): string => {
    const fault = new DeckhandError('input.invalid', message, { hint: 'See `deckhand --help`.' });
    faults.push(fault);
    return renderError(fault.toJSON(), styleFor(terminal.stderr, {})).trimEnd();
  };
  const streams = plainStreams(surroundings);
  let finished: number | undefined;
  const context: CliContext & { process: typeof streams } = {
    process: streams,
    surroundings,
    finish: exitCode => {
      finished = exitCode;
    },
    run: nested => runCli(nested, surroundings),
  };
  try {
    await run(await buildCli(inputs, onUsageError, surroundings.version), inputs, context);
  } catch (thrown) {
    const error = toDeckhandError(thrown);
    terminal.stderr.write(renderError(error.toJSON(), styleFor(terminal.stderr, terminal.environment)));
    return error.exitCode;
  }
  if (faults[0]) {
    printFaultAsData(inputs, surroundings, faults[0]);
    return EXIT.usage;
  }
  return finished ?? exitCodeOf(streams.exitCode);
}

/** The parser's own codes: negative numbers for what it refused, which the shell would show as 251 and up. */
function exitCodeOf(code: number | string | null): number {
  const number = Number(code ?? EXIT.ok);
  if (number === EXIT.ok) return EXIT.ok;
  return number === -4 || number === -5 ? EXIT.usage : EXIT.failed;
}

function plainStreams(surroundings: CliSurroundings) {
  const { stdout, stderr } = surroundings.terminal;
  const exitCode: number | string | null = null;
  return {
    stdout: { write: (text: string) => stdout.write(text) },
    stderr: { write: (text: string) => stderr.write(text) },
    env: { STRICLI_NO_COLOR: '1' },
    exitCode: exitCode as number | string | null,
  };
}

/** Scripts that asked for JSON get the fault as data as well, although the flags did not parse. */
function printFaultAsData(
  inputs: readonly string[],
  surroundings: CliSurroundings,
  fault: DeckhandError,
): void {
  const end = inputs.indexOf('--');
  const flags = end < 0 ? inputs : inputs.slice(0, end);
  const { stdout } = surroundings.terminal;
  if (flags.includes('--jsonl')) stdout.write(jsonResultLine({ error: fault.toJSON() }));
  else if (flags.includes('--json')) stdout.write(jsonDocument({ error: fault.toJSON() }));
}
