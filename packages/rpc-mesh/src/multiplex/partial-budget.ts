/**
 * Memory of incomplete frames. Half of it goes to whoever comes first, the other half is shared out evenly, so that a few
 * peers that send large frames slowly cannot take the part of the others.
 */
export class PartialBudget {
  /** What is taken. */
  bytes = 0;
  /** Who holds some of it. */
  private holders = 0;
  private readonly half: number;

  constructor(maxBytes: number) {
    this.half = maxBytes / 2;
  }

  /** Whether somebody who holds `held` bytes may hold `wanted` instead; takes them if so. */
  take(held: number, wanted: number): boolean {
    const holders = held === 0 ? this.holders + 1 : this.holders;
    const bytes = this.bytes + wanted - held;
    if (bytes > this.half && wanted > this.half / holders) return false;
    this.bytes = bytes;
    this.holders = holders;
    return true;
  }

  /** Gives back all that somebody holds. */
  give(held: number): void {
    if (held === 0) return;
    this.bytes -= held;
    this.holders--;
  }
}
