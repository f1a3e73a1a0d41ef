/** Something to choose, and how often: weight of all weights. */
export interface Weighted<T> {
  readonly target: T;
  readonly weight: number;
}

/** Picks one of several at random, each as often as its weight says. */
export class Choice<T> {
  /** Those with a weight above 0. */
  readonly targets: readonly T[];
  /** Sums of the weights up to each target. */
  private readonly bounds: readonly number[];
  private readonly total: number;
  private readonly only: T;

  private constructor(first: T, weighted: readonly Weighted<T>[]) {
    this.only = first;
    this.targets = weighted.map(({ target }) => target);
    let total = 0;
    this.bounds = weighted.map(({ weight }) => (total += weight));
    this.total = total;
  }

  /** Undefined when there is nothing with a weight above 0. */
  static of<T>(weighted: readonly Weighted<T>[]): Choice<T> | undefined {
    const some = weighted.filter(({ weight }) => weight > 0);
    const [first] = some;
    return first && new Choice(first.target, some);
  }

  /** @param random numbers in [0, 1) */
  pick(random: () => number): T {
    if (this.targets.length === 1) return this.only;
    const at = random() * this.total;
    const index = this.bounds.findIndex((bound) => at < bound);
    return this.targets[index] ?? this.only;
  }
}
