import { type ConfigFault, closestWord, durationMs } from "@layotto/sidecar-kit/config";

/** Faults and warnings that reading collects. */
export interface Findings {
  readonly faults: ConfigFault[];
  readonly warnings: ConfigFault[];
}

/** Bounds of a number. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** A map of a configuration that is being read: typed questions about its keys, and faults by path. */
export class ConfigNode {
  readonly path: readonly PropertyKey[];
  readonly #map: Readonly<Record<string, unknown>>;
  readonly #findings: Findings;

  constructor(
    map: Readonly<Record<string, unknown>>,
    path: readonly PropertyKey[],
    found: Findings,
  ) {
    this.#map = map;
    this.path = path;
    this.#findings = found;
  }

  /** The value as it is; null is nothing. */
  raw(key: string): unknown {
    return this.#map[key] ?? undefined;
  }

  has(key: string): boolean {
    return this.raw(key) !== undefined;
  }

  keys(): string[] {
    return Object.keys(this.#map).filter((key) => this.has(key));
  }

  text(key: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value === "string") return value === "" ? undefined : value;
    return this.wrong(key, "must be a string");
  }

  /** A text that must be there. */
  need(key: string): string {
    const value = this.text(key);
    if (value === undefined && typeof (this.raw(key) ?? "") === "string")
      this.fault(key, "is missing");
    return value ?? "";
  }

  /** A list of texts, or one. */
  texts(key: string): string[] {
    const value = this.raw(key);
    if (value === undefined) return [];
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (list.every((each) => typeof each === "string")) return list;
    this.wrong(key, "must be a list of strings");
    return [];
  }

  number(key: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds = {}): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value !== "number") return this.wrong(key, "must be a number");
    if (value < min) return this.wrong(key, `must be at least ${min}`);
    return value > max ? this.wrong(key, `must be at most ${max}`) : value;
  }

  integer(key: string, bounds: Bounds = {}): number | undefined {
    const value = this.number(key, bounds);
    if (value === undefined || Number.isSafeInteger(value)) return value;
    return this.wrong(key, "must be a whole number");
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
    const ms = durationMs(value);
    return (
      ms ?? this.wrong(key, 'must be a duration, e.g. "3s" or "100ms", or a number of milliseconds')
    );
  }

  /** What a word stands for; another one is a fault. */
  choice<T>(key: string, table: Readonly<Record<string, T>>): T | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    const word = typeof value === "number" ? String(value) : value;
    if (typeof word !== "string")
      return this.wrong(key, `must be one of ${Object.keys(table).join(", ")}`);
    if (Object.hasOwn(table, word)) return table[word];
    const near = closestWord(word, Object.keys(table));
    const hint = near === undefined ? "" : `; did you mean "${near}"?`;
    return this.wrong(key, `must be one of ${Object.keys(table).join(", ")}${hint}`);
  }

  /** Texts by name. */
  labels(key: string): Record<string, string> | undefined {
    const node = this.child(key);
    if (node === undefined) return undefined;
    const labels: Record<string, string> = {};
    for (const name of node.keys()) {
      const value = node.raw(name);
      if (typeof value === "string") labels[name] = value;
      else if (typeof value === "number" || typeof value === "boolean") labels[name] = `${value}`;
      else node.wrong(name, "must be a string");
    }
    return labels;
  }

  child(key: string): ConfigNode | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (isMap(value)) return new ConfigNode(value, [...this.path, key], this.#findings);
    return this.wrong(key, "must be a map");
  }

  /** The maps of a list; a single map stands for a list of one. */
  children(key: string): ConfigNode[] {
    const value = this.raw(key);
    if (value === undefined) return [];
    if (isMap(value)) return [new ConfigNode(value, [...this.path, key], this.#findings)];
    if (Array.isArray(value) && value.every(isMap)) {
      return value.map((each, i) => new ConfigNode(each, [...this.path, key, i], this.#findings));
    }
    this.wrong(key, "must be a list of maps");
    return [];
  }

  fault(key: string | undefined, message: string): void {
    this.#findings.faults.push({ path: this.at(key), message });
  }

  /** A fault deeper inside, where there are no maps. */
  faultAt(path: readonly PropertyKey[], message: string): void {
    this.#findings.faults.push({ path: [...this.path, ...path], message });
  }

  /** A warning deeper inside, where there are no maps. */
  warnAt(path: readonly PropertyKey[], message: string): void {
    this.#findings.warnings.push({ path: [...this.path, ...path], message });
  }

  warn(key: string | undefined, message: string): void {
    this.#findings.warnings.push({ path: this.at(key), message });
  }

  /** Warns about keys that MOSN has and that mean nothing here. */
  unserved(keys: readonly string[], message = "is not supported: it has no effect"): void {
    for (const key of keys) {
      if (this.has(key) && this.raw(key) !== false && this.raw(key) !== "") this.warn(key, message);
    }
  }

  private at(key: string | undefined): readonly PropertyKey[] {
    return key === undefined ? this.path : [...this.path, key];
  }

  private wrong(key: string, message: string): undefined {
    this.fault(key, message);
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
