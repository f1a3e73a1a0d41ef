import { durationMs, durationText } from "./duration.ts";
import type { ConfigFault } from "./fault.ts";
import { isRecord } from "./record.ts";
import { notOneOf } from "./words.ts";

/** Faults and warnings that reading collects. */
export interface Findings {
  readonly faults: ConfigFault[];
  readonly warnings: ConfigFault[];
}

/** Bounds of a number. */
export interface Bounds {
  /** @default 0 */
  readonly min?: number;
  readonly max?: number;
}

/**
 * A map of a configuration that is being read: typed questions about its keys, and faults by path. Null is nothing.
 * What a section reads in its own way, a subclass adds; it takes the same arguments.
 */
export class ConfigReader {
  readonly path: readonly PropertyKey[];
  readonly #map: Readonly<Record<string, unknown>>;
  readonly #found: Findings;

  constructor(
    map: Readonly<Record<string, unknown>>,
    path: readonly PropertyKey[],
    found: Findings,
  ) {
    this.#map = map;
    this.path = path;
    this.#found = found;
  }

  /** The value as it is. */
  raw(key: string): unknown {
    return Object.hasOwn(this.#map, key) ? (this.#map[key] ?? undefined) : undefined;
  }

  has(key: string): boolean {
    return this.raw(key) !== undefined;
  }

  keys(): string[] {
    return Object.keys(this.#map).filter((key) => this.has(key));
  }

  /** An empty text is nothing. */
  text(key: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined || value === "") return undefined;
    return typeof value === "string" ? value : this.wrong(key, "must be a string");
  }

  integer(key: string, bounds: Bounds = {}): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (!Number.isSafeInteger(value)) return this.wrong(key, "must be a whole number");
    return this.within(key, Number(value), bounds);
  }

  flag(key: string): boolean | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === "boolean") return value;
    return this.wrong(key, "must be true or false");
  }

  /** Milliseconds of `"3s"`, `"100ms"`, or of a number of them. */
  duration(key: string): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    return durationMs(value) ?? this.wrong(key, durationText);
  }

  /** The word of a list that the value is; a number is a word, too. */
  choice<T extends string>(key: string, words: readonly T[]): T | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    const said = typeof value === "number" ? String(value) : value;
    return words.find((word) => word === said) ?? this.wrong(key, notOneOf(words, said));
  }

  /** Texts by name; numbers and truth values are written out. */
  labels(key: string, hint = "must be a string"): Record<string, string> | undefined {
    const node = this.child(key);
    if (node === undefined) return undefined;
    const labels: Record<string, string> = {};
    for (const name of node.keys()) {
      const value = node.raw(name);
      if (["string", "number", "boolean"].includes(typeof value)) labels[name] = String(value);
      else node.fault(name, hint);
    }
    return labels;
  }

  child(key: string): this | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    return isRecord(value) ? this.inside(value, key) : this.wrong(key, "must be a map");
  }

  /** The maps of a list. */
  children(key: string): this[] {
    const value = this.raw(key);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every(isRecord)) {
      return value.map((each, i) => this.inside(each, key, i));
    }
    this.wrong(key, "must be a list of maps");
    return [];
  }

  fault(key: PropertyKey | undefined, message: string): void {
    this.faultAt(key === undefined ? [] : [key], message);
  }

  /** A fault deeper inside, where there are no maps. */
  faultAt(path: readonly PropertyKey[], message: string): void {
    addOnce(this.#found.faults, { path: [...this.path, ...path], message });
  }

  warn(key: PropertyKey | undefined, message: string): void {
    this.warnAt(key === undefined ? [] : [key], message);
  }

  /** A warning deeper inside, where there are no maps. */
  warnAt(path: readonly PropertyKey[], message: string): void {
    addOnce(this.#found.warnings, { path: [...this.path, ...path], message });
  }

  /** A map further inside. */
  protected inside(map: Readonly<Record<string, unknown>>, ...path: readonly PropertyKey[]): this {
    const Same = this.constructor as new (
      ...args: ConstructorParameters<typeof ConfigReader>
    ) => this; // its own class
    return new Same(map, [...this.path, ...path], this.#found);
  }

  /** The number, unless it is out of bounds. */
  protected within(
    key: string,
    number: number,
    { min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds,
  ): number | undefined {
    if (number < min) return this.wrong(key, `must be at least ${min}`);
    return number > max ? this.wrong(key, `must be at most ${max}`) : number;
  }

  /** A fault, and no value. */
  protected wrong(key: string, message: string): undefined {
    this.fault(key, message);
  }
}

/** What each list has already. */
const known = new WeakMap<ConfigFault[], Set<string>>();

/** What is looked at twice is wrong once. */
function addOnce(list: ConfigFault[], fault: ConfigFault): void {
  const texts = known.get(list) ?? new Set();
  known.set(list, texts);
  const text = `${fault.path.map(String).join("\n")}\n${fault.message}`;
  if (texts.has(text)) return;
  texts.add(text);
  list.push(fault);
}
