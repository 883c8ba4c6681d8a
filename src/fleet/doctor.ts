/** One thing the doctor looked at. */
export interface DoctorFinding {
  /** Stable, for machines: `local.node`, `host.disk` … */
  readonly id: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** One sentence with the concrete values. */
  readonly message: string;
  /** What the person can do; empty when all is well. */
  readonly fix: string;
}

export function ok(id: string, message: string): DoctorFinding {
  return { id, status: 'ok', message, fix: '' };
}
export function warn(id: string, message: string, fix: string): DoctorFinding {
  return { id, status: 'warn', message, fix };
}
export function fail(id: string, message: string, fix: string): DoctorFinding {
  return { id, status: 'fail', message, fix };
}

/** The worst status of all; `ok` for none. */
export function worstOf(findings: readonly DoctorFinding[]): DoctorFinding['status'] {
  if (findings.some(finding => finding.status === 'fail')) return 'fail';
  return findings.some(finding => finding.status === 'warn') ? 'warn' : 'ok';
}
