import type { CommandRun } from '../core/command-run.ts';
import type { CommandRunRecord } from '../core/run-report.ts';
import { showBytes, tailOf } from '../core/untrusted.ts';

/** Characters kept of a script and of each stream. */
export const RECORD_LIMIT = 16_384;

/** Every command run of one host in one run, as the report keeps them: why, what, what came back. */
export class RunJournal {
  readonly #records: CommandRunRecord[] = [];

  record(run: CommandRun, purpose: string): void {
    this.#records.push({
      id: run.id,
      purpose,
      script: tailOf(run.script, RECORD_LIMIT),
      verdict: run.verdict,
      exitCode: run.exitCode,
      signal: run.signal,
      duration: run.duration,
      stdout: tailOf(showBytes(run.stdout), RECORD_LIMIT),
      stderr: tailOf(showBytes(run.stderr), RECORD_LIMIT),
    });
  }

  get records(): readonly CommandRunRecord[] {
    return this.#records;
  }
}
