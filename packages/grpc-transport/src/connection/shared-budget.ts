/**
 * What all connections of a server may hold together. Half of it goes to whoever comes first, the other half
 * is shared out evenly, so that a greedy peer, or many, cannot take the part of the others.
 */
export class SharedBudget {
  /** Bytes held for all connections. */
  bytes = 0;
  /** Open streams of all connections. */
  streams = 0;
  /** Number of connections. */
  connections = 0;
  private readonly maxBytes: number;
  private readonly maxStreams: number;

  constructor(maxBytes: number, maxStreams: number) {
    this.maxBytes = maxBytes;
    this.maxStreams = maxStreams;
  }

  /** Whether a connection that holds `mine` bytes may hold `more` in addition. */
  mayHold(mine: number, more: number): boolean {
    return this.fits(this.bytes, mine, more, this.maxBytes);
  }

  /** Whether a connection with `mine` open streams may open another. */
  mayOpen(mine: number): boolean {
    return this.fits(this.streams, mine, 1, this.maxStreams);
  }

  private fits(used: number, mine: number, more: number, max: number): boolean {
    const half = max / 2;
    return used + more <= half || mine + more <= half / Math.max(1, this.connections);
  }
}
