/** Octets that a caller may send ahead. */
const MAX_BYTES = 65_536;
/** And in how many pieces: each costs memory beside its octets. */
const MAX_PIECES = 128;

/** What came before its turn. */
export class Stash {
  private pieces: Buffer[] = [];
  private bytes = 0;

  get full(): boolean {
    return this.bytes >= MAX_BYTES || this.pieces.length >= MAX_PIECES;
  }

  add(buffer: Buffer, start: number, end: number): void {
    this.pieces.push(Buffer.from(buffer.subarray(start, end)));
    this.bytes += end - start;
  }

  /** All of it; undefined when there is nothing. */
  take(): Buffer | undefined {
    const { pieces } = this;
    if (pieces.length === 0) return undefined;
    this.pieces = [];
    this.bytes = 0;
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }
}
