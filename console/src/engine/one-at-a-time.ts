/** Work of which one piece is under way at most. What is given up hinders no other, and has to ask whether it still counts. */
export class OneAtATime {
  #round = 0;
  #isUnderWay = false;
  #isAskedAgain = false;

  /** Begins, or begins once more after what is under way: that may have looked before. Rejects with what the work throws. */
  async run(work: (counts: () => boolean) => Promise<void>): Promise<void> {
    if (this.#isUnderWay) {
      this.#isAskedAgain = true;
      return;
    }
    this.#isUnderWay = true;
    const round = this.#round;
    const counts = (): boolean => round === this.#round;
    try {
      do {
        this.#isAskedAgain = false;
        await work(counts);
      } while (counts() && this.#isAskedAgain);
    } finally {
      if (counts()) this.#isUnderWay = false;
    }
  }

  /** What is under way counts no more: over a connection that is gone its answer may never come. */
  giveUp(): void {
    this.#round += 1;
    this.#isUnderWay = false;
  }
}
