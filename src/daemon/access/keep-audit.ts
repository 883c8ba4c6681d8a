import type { AuditedCall } from '../../api/http/audited.ts';
import type { Clock } from '../../core/clock.ts';
import { sanitiseText } from '../../core/untrusted.ts';
import type { AuditLog } from '../../store/audit-log.ts';

/** Refusals of nobody in particular that are kept, each minute: who has no token must not fill the disk. */
const MOST_REFUSALS = 30;
const MINUTE = 60_000;

/** Writes calls into the chained log, beside what the policy decided. */
export class CallAudit {
  readonly #log: AuditLog;
  readonly #clock: Pick<Clock, 'now'>;
  #minute = 0;
  #refusals = 0;
  #left = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(log: AuditLog, clock: Pick<Clock, 'now'>) {
    this.#log = log;
    this.#clock = clock;
  }

  /** On the disk when the promise is done. Throws what the log throws. */
  async keep(call: AuditedCall): Promise<void> {
    const time = this.#clock.now();
    const left = this.#leftOut(call, time);
    if (left === null) return;
    const { who, operation, route, subject, outcome, code, requestId } = call;
    const more = left === 0 ? '' : `; ${left} more of nobody were refused before`;
    const writing = this.#log.append({
      time,
      who,
      action: `api.${operation}`,
      hosts: [],
      command: sanitiseText(`${route} ${subject}`.trim()),
      class: '',
      risks: [],
      rule: null,
      why: `${outcome}${code === null ? '' : ` ${code}`}${more}`,
      meaning: '',
      requestId,
    });
    this.#writing = Promise.allSettled([this.#writing, writing]);
    await writing;
  }

  /** When all that was given is written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** How many were left out since the last one that was kept; null: this one is left out too. */
  #leftOut({ via, outcome }: AuditedCall, time: number): number | null {
    if (via !== null || outcome !== 'refused') return 0;
    const minute = Math.floor(time / MINUTE);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#refusals = 0;
    }
    this.#refusals += 1;
    if (this.#refusals > MOST_REFUSALS) {
      this.#left += 1;
      return null;
    }
    const left = this.#left;
    this.#left = 0;
    return left;
  }
}
