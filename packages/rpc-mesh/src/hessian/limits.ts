/** How much of a value is looked at before it is given up. */
export interface HessianLimits {
  /** Lists, maps and objects within each other. */
  readonly maxDepth: number;
  /** Values, those within others counted: skipping so many takes about 2 ms. */
  readonly maxValues: number;
  /** Octets of a text that is decoded. */
  readonly maxTextBytes: number;
  /** Entries of a map that is decoded. */
  readonly maxEntries: number;
}

export const hessianLimits: HessianLimits = {
  maxDepth: 128,
  maxValues: 200_000,
  maxTextBytes: 1024 * 1024,
  maxEntries: 1024,
};
