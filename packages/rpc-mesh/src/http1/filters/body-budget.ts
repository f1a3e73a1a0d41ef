/** Octets of the bodies that the functions of one listener are to see, at a time. */
const MAX_BYTES = 268_435_456;

/** What the bodies that are gathered for the functions of a listener may take together. */
export class BodyBudget {
  private readonly maxBytes: number;
  private bytes = 0;

  constructor(maxBytes: number = MAX_BYTES) {
    this.maxBytes = maxBytes;
  }

  /** Counts octets that have come; false: there are too many, and they are to be given back. */
  take(bytes: number): boolean {
    this.bytes += bytes;
    return this.bytes <= this.maxBytes;
  }

  giveBack(bytes: number): void {
    this.bytes -= bytes;
  }

  /** Octets in use. */
  get used(): number {
    return this.bytes;
  }
}
