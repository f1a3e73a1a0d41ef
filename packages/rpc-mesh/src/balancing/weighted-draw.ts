import type { Random } from "../clock.ts";

/** Draws an index with a probability in proportion to its weight; equal weights cost one random number. */
export class WeightedDraw {
  readonly #random: Random;
  #size = 0;
  /** Running sums of the weights; undefined: all weights are equal. */
  #sums: Float64Array | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Weights that are not above 0 are never drawn, unless none is above 0. */
  setWeights(weights: readonly number[]): void {
    this.#size = weights.length;
    this.#sums = undefined;
    if (weights.every((weight) => weight === weights[0])) return;
    const sums = new Float64Array(weights.length);
    let sum = 0;
    weights.forEach((weight, index) => {
      sum += Math.max(0, weight);
      sums[index] = sum;
    });
    this.#sums = sums;
  }

  /** An index; 0 when there are no weights. */
  next(): number {
    const sums = this.#sums;
    if (sums === undefined) return Math.floor(this.#random() * this.#size);
    const at = this.#random() * (sums[sums.length - 1] ?? 0);
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
