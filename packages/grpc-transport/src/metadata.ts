/** Entries whose name ends in this suffix carry bytes, base64 on the wire. */
const BINARY_SUFFIX = "-bin";

/**
 * gRPC custom metadata: an ordered list of lower-case names and values. Values of names that end in
 * `-bin` are bytes.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Custom-Metadata)
 */
export class Metadata {
  private readonly list: [name: string, value: string][] = [];

  /** Makes metadata from pairs, in order. */
  static from(entries: Iterable<readonly [string, string | Uint8Array]>): Metadata {
    const metadata = new Metadata();
    for (const [name, value] of entries) metadata.append(name, value);
    return metadata;
  }

  /** Number of entries. */
  get size(): number {
    return this.list.length;
  }

  /** First value of a name, as it is on the wire. */
  get(name: string): string | undefined {
    const key = name.toLowerCase();
    return this.list.find((entry) => entry[0] === key)?.[1];
  }

  /** All values of a name, in order. */
  getAll(name: string): string[] {
    const key = name.toLowerCase();
    return this.list.filter((entry) => entry[0] === key).map((entry) => entry[1]);
  }

  /** First value of a `-bin` name, decoded. Padded and unpadded base64 are both read. */
  getBinary(name: string): Uint8Array | undefined {
    // Values of one name may have been joined with commas on the way.
    const [value] = this.get(name)?.split(",", 1) ?? [];
    return value === undefined ? undefined : Buffer.from(value, "base64");
  }

  /** Replaces all values of a name. */
  set(name: string, value: string | Uint8Array): this {
    this.delete(name);
    return this.append(name, value);
  }

  /**
   * Adds a value.
   *
   * @throws {TypeError} when the name or the value cannot be sent, or bytes are given for a name without `-bin`
   */
  append(name: string, value: string | Uint8Array): this {
    const key = name.toLowerCase();
    checkName(key);
    this.list.push([key, encodeValue(key, value)]);
    return this;
  }

  /** Adds what a peer sent, unchecked: the header list it came in was validated. */
  appendReceived(name: string, value: string): void {
    this.list.push([name, value]);
  }

  /** Removes all values of a name; says whether there were any. */
  delete(name: string): boolean {
    const key = name.toLowerCase();
    let kept = 0;
    for (const entry of this.list) {
      if (entry[0] !== key) this.list[kept++] = entry;
    }
    const removed = this.list.length > kept;
    this.list.length = kept;
    return removed;
  }

  /** Pairs as they are on the wire, in order. */
  entries(): Iterable<[name: string, value: string]> {
    return this.list;
  }
}

const MOST_KNOWN_NAMES = 256;
/** Names that were found right; a program uses few. */
const knownNames = new Set<string>();

function checkName(name: string): void {
  if (knownNames.has(name)) return;
  if (!/^[a-z0-9_.-]+$/.test(name)) {
    throw new TypeError(`Cannot add metadata "${name}": a name has letters, digits, "-", "_", "."`);
  }
  if (knownNames.size < MOST_KNOWN_NAMES) knownNames.add(name);
}

function encodeValue(name: string, value: string | Uint8Array): string {
  if (typeof value !== "string") {
    if (!name.endsWith(BINARY_SUFFIX)) {
      throw new TypeError(`Cannot add bytes as metadata "${name}": the name must end in "-bin"`);
    }
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64");
    const padding = base64.indexOf("=");
    return padding < 0 ? base64 : base64.slice(0, padding);
  }
  if (!/^[\x20-\x7e]*$/.test(value)) {
    throw new TypeError(
      `Cannot add metadata "${name}": a value is printable ASCII, use a "-bin" name`,
    );
  }
  return value;
}
