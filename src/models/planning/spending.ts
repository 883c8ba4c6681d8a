import { DeckhandError } from '../../core/deckhand-error.ts';

/** What one run may use up; 0 = no bound. */
export interface PlanningBudget {
  /** In and out, of all calls. */
  readonly tokens: number;
  /** In the currency of the prices. A model without a price costs nothing. */
  readonly money: number;
  /** Requests. */
  readonly calls: number;
}

export interface Spent {
  readonly tokens: number;
  readonly money: number;
  readonly calls: number;
}

/** What a run has used up, over all its claims. */
export class Spending {
  readonly #budget: PlanningBudget;
  #tokens: number;
  #money: number;
  #calls: number;

  constructor(budget: PlanningBudget, before: Spent = { tokens: 0, money: 0, calls: 0 }) {
    this.#budget = budget;
    this.#tokens = before.tokens;
    this.#money = before.money;
    this.#calls = before.calls;
  }

  /** Before a request. Throws `planner.budget-exhausted` naming what is used up and the setting that bounds it. */
  begin(): void {
    const used = { tokens: this.#tokens, money: this.#money, calls: this.#calls };
    for (const what of ['calls', 'tokens', 'money'] as const) {
      const limit = this.#budget[what];
      if (limit === 0 || used[what] < limit) continue;
      const shown = what === 'money' ? used.money.toFixed(4) : String(used[what]);
      throw new DeckhandError(
        'planner.budget-exhausted',
        `The planning models of this run have used ${shown} of ${limit} ${NAMES[what]} (agent.budget.${what}).`,
        { details: { what, used: used[what], limit } },
      );
    }
    this.#calls += 1;
  }

  /** After a request. */
  add(tokens: number, money: number): void {
    this.#tokens += tokens;
    this.#money += money;
  }

  /** Tokens that an answer may still have. */
  tokensLeft(most: number): number {
    const { tokens } = this.#budget;
    return tokens === 0 ? most : Math.max(1, Math.min(most, tokens - this.#tokens));
  }
}

const NAMES = { tokens: 'tokens', money: 'units of money', calls: 'calls' } as const;
