import { CHECK_LIMIT_SECONDS } from './check-prelude.ts';

/** Outcome of a free check script: exit 0 holds, a time-out or a kill decides nothing. */
export interface Probe {
  readonly holds: boolean | null;
  /** The end of its output, without our own exit line. */
  readonly evidence: string;
}

/** Exit codes of `timeout`, and of a process killed by SIGKILL. */
const OUT_OF_TIME = new Set([124, 137]);

/** Reads what `probe` of the prelude printed: the output, then `MARKER CODE` as its last line. */
export function readProbe(text: string | undefined): Probe {
  const last = text?.lastIndexOf('\n') ?? -1;
  const code = /^[A-Za-z0-9]+ (\d+)$/.exec(text?.slice(last + 1) ?? '')?.[1];
  if (text === undefined || code === undefined) return { holds: null, evidence: 'The check did not answer.' };
  const output = text.slice(0, last).trimEnd();
  if (OUT_OF_TIME.has(Number(code))) {
    return {
      holds: null,
      evidence: `The check did not end within ${CHECK_LIMIT_SECONDS} s or was killed.\n${output}`.trimEnd(),
    };
  }
  return { holds: code === '0', evidence: output === '' ? `exit code ${code}` : output };
}
