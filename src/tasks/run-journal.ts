import type { CommandRun } from '../core/command-run.ts';
import type { CommandRunRecord } from '../core/run-report.ts';
import { showBytes, tailOf } from '../core/untrusted.ts';

const TEXT_LIMIT = 16_384;

/** Every command run of one host in one run, as the report keeps them: why, what, what came back. */
export class RunJournal {
  readonly #records: CommandRunRecord[] = [];

  record(run: CommandRun, purpose: string): void {
    this.#records.push({
      id: run.id,
      purpose,
      script: tailOf(run.script, TEXT_LIMIT),
      verdict: run.verdict,
      exitCode: run.exitCode,
      signal: run.signal,
      duration: run.duration,
      stdout: tailOf(showBytes(run.stdout), TEXT_LIMIT),
      stderr: tailOf(showBytes(run.stderr), TEXT_LIMIT),
    });
  }

  get records(): readonly CommandRunRecord[] {
    return this.#records;
  }
}
