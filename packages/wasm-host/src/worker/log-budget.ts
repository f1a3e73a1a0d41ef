/** Lines per version and second that a thread sends: the main thread writes no more of them, and has to read each. */
const LINES_PER_SECOND = 100;

/** Keeps a guest that logs without end from keeping the main thread busy. */
export class LogBudget {
  #second = 0;
  #lines = 0;
  #dropped = 0;

  /**
   * Whether one more line may be sent now.
   *
   * @param onDropped told how many were not, when the next one is sent
   */
  takes(onDropped: (lines: number) => void): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
      if (this.#dropped > 0) onDropped(this.#dropped);
      this.#dropped = 0;
    }
    this.#lines++;
    if (this.#lines <= LINES_PER_SECOND) return true;
    this.#dropped++;
    return false;
  }
}
