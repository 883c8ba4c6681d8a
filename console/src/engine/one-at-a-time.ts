/** Work of which one piece is under way at most. What is given up hinders no other, and has to ask whether it still counts. */
export class OneAtATime {
  #round = 0;
  #isUnderWay = false;

  /** Begins unless something is under way. Rejects with what the work throws. */
  async run(work: (counts: () => boolean) => Promise<void>): Promise<void> {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    const round = this.#round;
    const counts = (): boolean => round === this.#round;
    try {
      await work(counts);
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
