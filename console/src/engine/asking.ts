/**
 * Whether a question is on its way. Who wants it asked anew meanwhile gets both answers: the one on its way, which may
 * be older than what they know of, and then another. However often it is wanted, answers come. Pure.
 */
export class Asking {
  #isUnderWay = false;
  #isWantedAgain = false;

  /** A question leaves; what was on its way before is given up. */
  begin(): void {
    this.#isUnderWay = true;
    this.#isWantedAgain = false;
  }
  /** True: to be asked now; false: after the present answer. */
  want(): boolean {
    this.#isWantedAgain ||= this.#isUnderWay;
    return !this.#isUnderWay;
  }
  /** The answer, or why there is none, is here. True: it was wanted once more meanwhile. */
  end(): boolean {
    this.#isUnderWay = false;
    return this.#isWantedAgain;
  }
}
