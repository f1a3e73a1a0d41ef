import type { CallOptions, Component, MaybePromise } from "@layotto/sidecar-kit";

/**
 * What a sequencer back end implements. Ids start at 1, are unique per key over all processes and restarts, and grow
 * with each call. They are kept as numbers: 2^53 ids per key are enough.
 */
export interface SequencerStore extends Component {
  /** The next id. */
  next(key: string, options: CallOptions): MaybePromise<number>;
  /**
   * Takes `size` ids in a row and returns the first one. Absent when the back end cannot: every id is then fetched one
   * by one.
   */
  segment?(key: string, size: number, options: CallOptions): MaybePromise<number>;
  /** Makes the next id of `key` greater than `floor`, if it is not already. */
  lift(key: string, floor: number, options: CallOptions): MaybePromise<void>;
}
