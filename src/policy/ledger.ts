import {
  type CommandClass,
  type CommandEffect,
  type Reason,
  type Risk,
  RISKS,
  type Segment,
  type Verdict,
  worse,
} from './verdict.ts';

const LONGEST_WORDS = 200;

/** Collects what is found while a text is judged; one per text. */
export class Ledger {
  readonly #reasons = new Map<string, Reason>();
  readonly #effects = new Map<string, CommandEffect>();
  readonly #risks = new Set<Risk>();
  readonly #segments: Segment[] = [];
  #class: CommandClass = 'read-only';
  #outside: CommandClass = 'read-only';
  /** The commands that are being judged, the innermost last. */
  readonly #open: { class: CommandClass; own: CommandClass; wraps: boolean }[] = [];

  get class(): CommandClass {
    return this.#class;
  }

  note(found: CommandClass, text: string, words: string, risk?: Risk): void {
    this.#class = worse(this.#class, found);
    const innermost = this.#open.at(-1);
    if (innermost) innermost.own = worse(innermost.own, found);
    else this.#outside = worse(this.#outside, found);
    if (risk) this.#risks.add(risk);
    if (found === 'read-only') return;
    const reason = { class: found, text, words: words.slice(0, LONGEST_WORDS), ...(risk ? { risk } : {}) };
    this.#reasons.set(`${found}\uE000${text}\uE000${reason.words}`, reason);
  }

  effect(kind: CommandEffect['kind'], subject: string): void {
    this.#effects.set(`${kind}\uE000${subject}`, { kind, subject });
  }

  /** What is noted during `judge` also counts for this one command. */
  segment<Result>(text: string, argv: readonly (string | null)[], judge: () => Result): Result {
    const outer = this.#open.at(-1);
    if (outer) outer.wraps = true;
    const place = this.#segments.push({ text, argv, class: 'read-only', own: 'read-only', wraps: false }) - 1;
    const mine = { class: 'read-only' as CommandClass, own: 'read-only' as CommandClass, wraps: false };
    this.#open.push(mine);
    try {
      return judge();
    } finally {
      this.#open.pop();
      const whole = worse(mine.own, mine.class);
      this.#segments[place] = { text, argv, class: whole, own: mine.own, wraps: mine.wraps };
      if (outer) outer.class = worse(outer.class, whole);
    }
  }

  verdict(): Verdict {
    return {
      class: this.#class,
      outside: this.#outside,
      risks: RISKS.filter(risk => this.#risks.has(risk)),
      effects: [...this.#effects.values()],
      reasons: [...this.#reasons.values()].sort((one, other) =>
        one.class === other.class ? 0 : worse(one.class, other.class) === one.class ? -1 : 1,
      ),
      segments: this.#segments,
    };
  }
}
