import { EXIT } from '../core/error-table.ts';
import type { CliContext, DaemonControl } from './context.ts';
import { outputFlags, type OutputFlags } from './flags.ts';
import { reportErrors } from './report-errors.ts';
import { type Style, styleFor } from './style.ts';
import { checkOutputFlags, resultText } from './task-session.ts';

/** How a command about the daemon prints. */
export type DaemonFlags = Pick<OutputFlags, 'json' | 'jsonl'>;
export const daemonFlags = { json: outputFlags.json, jsonl: outputFlags.jsonl } as const;

export interface DaemonSession {
  readonly daemon: DaemonControl;
  readonly style: Style;
  readonly result: (body: object, text: () => string) => void;
}

/** Runs `work` with the daemon's control; what it throws becomes a printed error and the exit code. */
export async function withDaemon(
  context: CliContext,
  flags: DaemonFlags,
  work: (session: DaemonSession) => Promise<void>,
): Promise<void> {
  await reportErrors(context, flags, async () => {
    checkOutputFlags(flags);
    const { terminal, daemon } = context.surroundings;
    await work({
      daemon,
      style: styleFor(terminal.stdout, terminal.environment),
      result: (body, text) => terminal.stdout.write(resultText(flags, body, text)),
    });
    return EXIT.ok;
  });
}
