import { HpackError } from "./hpack-error.ts";
import { decodeHuffman, maxHuffmanDecoded } from "./huffman.ts";
import { octetAt } from "./octets.ts";

const maxContinuationOctets = 5;
const maxInteger = 2 ** 31 - 1;
const scratch = Buffer.allocUnsafeSlow(4096);

/** A place in a header block, and how integers and strings are read from it (RFC 7541 §5). */
export class BlockReader {
  position = 0;
  private source: Buffer;
  private end = 0;

  constructor(source: Buffer) {
    this.source = source;
  }

  /** Goes to `start` of another block. */
  reset(source: Buffer, start: number, end: number): void {
    this.source = source;
    this.position = start;
    this.end = end;
  }

  /**
   * Reads the rest of an integer whose first octet was read.
   *
   * @param prefix the first octet's low N bits
   * @param prefixMax 2^N - 1
   * @throws HpackError beyond 2^31 - 1, or 5 continuation octets
   */
  integer(prefix: number, prefixMax: number): number {
    return prefix < prefixMax ? prefix : this.continueInteger(prefixMax);
  }

  private continueInteger(prefixMax: number): number {
    let value = prefixMax;
    let scale = 1;
    for (let i = 0; i < maxContinuationOctets; i++) {
      const octet = this.octet();
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) {
        if (value > maxInteger) break;
        return value;
      }
      scale *= 128;
    }
    throw new HpackError("Cannot decode a header block: an integer is beyond 2^31 - 1");
  }

  /** @throws HpackError at the end of the block */
  private octet(): number {
    if (this.position >= this.end) throw endsEarly();
    return octetAt(this.source, this.position++);
  }

  /** Reads a string literal (RFC 7541 §5.2). */
  string(): string {
    const first = this.octet();
    const length = this.integer(first & 0x7f, 0x7f);
    const start = this.position;
    if (length > this.end - start) throw endsEarly();
    this.position = start + length;
    return first >= 0x80
      ? huffmanText(this.source, start, start + length)
      : latin1(this.source, start, start + length);
  }
}

function huffmanText(source: Buffer, start: number, end: number): string {
  const room = maxHuffmanDecoded(end - start);
  const target = room <= scratch.length ? scratch : Buffer.allocUnsafe(room);
  return latin1(target, 0, decodeHuffman(source, start, end, target));
}

/** Up to four characters are cheaper by themselves than by a call out of JavaScript (8 against 40 ns). */
function latin1(source: Buffer, start: number, end: number): string {
  switch (end - start) {
    case 0:
      return "";
    case 1:
      return String.fromCharCode(octetAt(source, start));
    case 2:
      return String.fromCharCode(octetAt(source, start), octetAt(source, start + 1));
    case 3:
      return String.fromCharCode(
        octetAt(source, start),
        octetAt(source, start + 1),
        octetAt(source, start + 2),
      );
    case 4:
      return String.fromCharCode(
        octetAt(source, start),
        octetAt(source, start + 1),
        octetAt(source, start + 2),
        octetAt(source, start + 3),
      );
    default:
      return source.toString("latin1", start, end);
  }
}

function endsEarly(): HpackError {
  return new HpackError("Cannot decode a header block: it ends within a field");
}
