import { HessianCursor, unexpected } from "./cursor.ts";
import { HessianError } from "./hessian-error.ts";
import { hessianLimits, type HessianLimits } from "./limits.ts";

/** A class that the bytes have defined. */
export interface ClassDefinition {
  readonly name: string;
  readonly fields: readonly string[];
}

const END = 0x5a;
const NULL = 0x4e;

/** Octets of a value that is only an opcode and so many octets, by opcode; 0: it is something else. */
const fixedOctets = new Uint8Array(256);
for (let code = 0x80; code <= 0xff; code += 1) {
  if (code <= 0xbf || (code >= 0xd8 && code <= 0xef)) fixedOctets[code] = 1;
  else fixedOctets[code] = code >= 0xd0 && code <= 0xd7 ? 3 : 2;
}
for (let code = 0x38; code <= 0x3f; code += 1) fixedOctets[code] = 3;
for (const [octets, codes] of [
  [1, [0x46, NULL, 0x54, 0x5b, 0x5c]], // false, null, true, 0.0, 1.0
  [2, [0x5d]],
  [3, [0x5e]],
  [5, [0x49, 0x4b, 0x59, 0x5f]],
  [9, [0x44, 0x4a, 0x4c]],
] as const) {
  for (const code of codes) fixedOctets[code] = octets;
}

/**
 * Reads Hessian 2.0 (final, Dubbo's dialect) as far as routing needs it: texts, numbers, maps of texts; everything else
 * is passed over without being built. What is passed over is read in full all the same, since only that shows its end.
 */
export class HessianReader extends HessianCursor {
  private readonly start: number;
  private readonly classes: ClassDefinition[] = [];
  private values = 0;
  private containers = 0;
  /** Number of the list, map or object to look for, and where it begins. */
  private wanted = -1;
  private found = -1;

  constructor(buffer: Buffer, start: number, end: number, limits: HessianLimits = hessianLimits) {
    super(buffer, start, end, limits);
    this.start = start;
  }

  /** Reads a text or null. */
  textOrNull(): string | null {
    if (this.peek() !== NULL) return this.text();
    this.at += 1;
    return null;
  }

  /** Passes over one value of any kind. */
  skip(depth = 0): void {
    const code = this.peek();
    const octets = fixedOctets[code] ?? 0;
    this.values += 1;
    if (this.values > this.limits.maxValues)
      throw new HessianError(
        `Cannot read a value: it has more than ${this.limits.maxValues} parts`,
      );
    if (octets > 0) this.advance(octets);
    else if (this.isText()) this.skipText();
    else if (isBinary(code)) this.skipBinary();
    else this.skipOther(code, depth);
  }

  /** Reads a value as text; undefined when it is neither text, number nor boolean. It is passed over then. */
  scalar(): string | undefined {
    const code = this.peek();
    if (this.isText()) return this.text();
    if (code === 0x54 || code === 0x46) {
      this.at += 1;
      return code === 0x54 ? "true" : "false";
    }
    if (code === 0x49 || (code >= 0x80 && code <= 0xd7)) return String(this.int());
    if (code === 0x4c || code === 0x59 || code >= 0xd8 || (code >= 0x38 && code <= 0x3f))
      return String(this.long());
    this.skip(1);
    return undefined;
  }

  /** Reads a map; keys in lower case, entries that are not scalar are left out. A reference to a map is followed. */
  textMap(): Map<string, string> {
    const code = this.peek();
    if (code === 0x51) return this.referredMap();
    const texts = new Map<string, string>();
    if (code === NULL) {
      this.at += 1;
      return texts;
    }
    this.beginMap(code);
    // Entries, not keys: the same key may come again and again.
    for (let entries = 0; this.peek() !== END; entries += 1) {
      if (entries >= this.limits.maxEntries)
        throw new HessianError(
          `Cannot read a map: it has more than ${this.limits.maxEntries} entries`,
        );
      const key = this.scalar();
      const value = this.scalar();
      if (key !== undefined && value !== undefined) texts.set(key.toLowerCase(), value);
    }
    this.at += 1;
    return texts;
  }

  /** Reads the class of the object that begins here, and stops before its first field. undefined: no object begins here. */
  beginObject(): ClassDefinition | undefined {
    while (this.peek() === 0x43) this.defineClass();
    const code = this.peek();
    if (code !== 0x4f && (code < 0x60 || code > 0x6f)) return undefined;
    this.containers += 1;
    return this.objectClass(code);
  }

  private skipOther(code: number, depth: number): void {
    if (depth >= this.limits.maxDepth)
      throw new HessianError(`Cannot read a value: it is more than ${this.limits.maxDepth} deep`);
    if (code === 0x43) {
      this.defineClass();
      return this.skip(depth + 1);
    }
    if (code === 0x51) {
      this.at += 1;
      this.int();
      return;
    }
    if (this.containers === this.wanted) this.found = this.at;
    this.containers += 1;
    if (code === 0x4f || (code >= 0x60 && code <= 0x6f))
      this.skipParts(this.objectClass(code).fields.length, depth);
    else if (code === 0x48 || code === 0x4d) this.skipMap(code, depth);
    else this.skipList(code, depth);
  }

  private skipList(code: number, depth: number): void {
    this.at += 1;
    if (code === 0x55 || code === 0x56 || (code >= 0x70 && code <= 0x77)) this.skipType();
    if (code === 0x55 || code === 0x57) return this.skipToEnd(depth);
    if (code === 0x56 || code === 0x58) return this.skipParts(this.count(), depth);
    if (code >= 0x70 && code <= 0x7f) return this.skipParts(code & 7, depth);
    throw unexpected("a value", code);
  }

  private skipMap(code: number, depth: number): void {
    this.at += 1;
    if (code === 0x4d) this.skipType();
    while (this.peek() !== END) this.skipParts(2, depth);
    this.at += 1;
  }

  private skipToEnd(depth: number): void {
    while (this.peek() !== END) this.skip(depth + 1);
    this.at += 1;
  }

  private skipParts(count: number, depth: number): void {
    for (let i = 0; i < count; i += 1) this.skip(depth + 1);
  }

  /** A type is a text, or the number of one that was there before. */
  private skipType(): void {
    if (this.isText()) this.skipText();
    else this.int();
  }

  private beginMap(code: number): void {
    if (code !== 0x48 && code !== 0x4d) throw unexpected("a map", code);
    this.at += 1;
    this.containers += 1;
    if (code === 0x4d) this.skipType();
  }

  private defineClass(): void {
    this.at += 1;
    const name = this.text();
    const count = this.count();
    this.values += count;
    if (this.values > this.limits.maxValues)
      throw new HessianError(`Cannot read a class: it has ${count} fields`);
    const fields: string[] = [];
    for (let i = 0; i < count; i += 1) fields.push(this.text());
    this.classes.push({ name, fields });
  }

  private objectClass(code: number): ClassDefinition {
    this.at += 1;
    const number = code === 0x4f ? this.int() : code - 0x60;
    const found = this.classes[number];
    if (found === undefined)
      throw new HessianError(`Cannot read an object: its class ${number} was not defined`);
    return found;
  }

  private referredMap(): Map<string, string> {
    this.at += 1;
    const wanted = this.int();
    const search = new HessianReader(this.buffer, this.start, this.at, this.limits);
    search.wanted = wanted;
    while (search.found < 0 && search.at < this.at) search.skip();
    if (search.found < 0)
      throw new HessianError(`Cannot follow the reference ${wanted}: nothing has that number`);
    // What it read on the way are the classes that the map may use.
    search.at = search.found;
    return search.textMap();
  }
}

function isBinary(code: number): boolean {
  return (
    (code >= 0x20 && code <= 0x2f) ||
    (code >= 0x34 && code <= 0x37) ||
    code === 0x41 ||
    code === 0x42
  );
}
