import { type ConfigFault, closestWord, durationMs, pathText } from "@layotto/sidecar-kit/config";
import { sizeBytes } from "./units.ts";

type Path = readonly PropertyKey[];

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

/** A map that is being read: typed questions about its keys, and faults by path. Null is nothing. */
export class ConfigMap {
  readonly path: Path;
  readonly #map: Readonly<Record<string, unknown>>;
  readonly #found: Findings;

  constructor(map: Readonly<Record<string, unknown>>, path: Path, found: Findings) {
    this.#map = map;
    this.path = path;
    this.#found = found;
  }

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
    return typeof value === "string" ? value : this.#wrong(key, "must be a string");
  }

  texts(key: string): string[] {
    const value = this.raw(key);
    if (value === undefined) return [];
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (list.every((each) => typeof each === "string" && each !== "")) return list as string[]; // just checked
    this.#wrong(key, "must be a list of strings");
    return [];
  }

  integer(
    key: string,
    { min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds = {},
  ): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (!Number.isSafeInteger(value)) return this.#wrong(key, "must be a whole number");
    const number = Number(value);
    if (number < min) return this.#wrong(key, `must be at least ${min}`);
    return number > max ? this.#wrong(key, `must be at most ${max}`) : number;
  }

  flag(key: string): boolean | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === "boolean") return value;
    return this.#wrong(key, "must be true or false");
  }

  /** Milliseconds of `"3s"`, `"100ms"`, or of a number of them. */
  duration(key: string): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    const hint = 'must be a duration, e.g. "2s", "500ms" or "1m30s"';
    return durationMs(value) ?? this.#wrong(key, hint);
  }

  /** Octets of `"64MiB"`, or of a number of `unit` octets. */
  size(key: string, unit = 1): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    return sizeBytes(value, unit) ?? this.#wrong(key, 'must be a size, e.g. "64MiB"');
  }

  choice<T extends string>(key: string, words: readonly T[]): T | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const near = typeof value === "string" ? closestWord(value, words) : undefined;
    const hint = near === undefined ? "" : `; did you mean "${near}"?`;
    return this.#wrong(key, `must be one of ${words.join(", ")}${hint}`);
  }

  /** Texts by name; numbers and truth values are written out. */
  labels(key: string): Record<string, string> | undefined {
    const node = this.child(key);
    if (node === undefined) return undefined;
    const labels: Record<string, string> = {};
    for (const name of node.keys()) {
      const value = node.raw(name);
      if (["string", "number", "boolean"].includes(typeof value)) labels[name] = String(value);
      else node.fault(name, "must be a string; write what is nested as a text of JSON");
    }
    return labels;
  }

  child(key: string): ConfigMap | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (isMap(value)) return new ConfigMap(value, [...this.path, key], this.#found);
    return this.#wrong(key, "must be a map");
  }

  /** The maps of a list. */
  children(key: string): ConfigMap[] {
    const value = this.raw(key);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every(isMap)) {
      return value.map((each, i) => new ConfigMap(each, [...this.path, key, i], this.#found));
    }
    this.#wrong(key, "must be a list of maps");
    return [];
  }

  /** The maps of a map, by name. */
  entries(key: string): [string, ConfigMap][] {
    const node = this.child(key);
    if (node === undefined) return [];
    return node.keys().flatMap((name) => {
      const each = node.child(name);
      return each === undefined ? [] : [[name, each] as [string, ConfigMap]];
    });
  }

  fault(key: PropertyKey | undefined, message: string): void {
    addOnce(this.#found.faults, { path: this.#at(key), message });
  }

  warn(key: PropertyKey | undefined, message: string): void {
    addOnce(this.#found.warnings, { path: this.#at(key), message });
  }

  #at(key: PropertyKey | undefined): Path {
    return key === undefined ? this.path : [...this.path, key];
  }

  #wrong(key: string, message: string): undefined {
    this.fault(key, message);
  }
}

/** What is looked at twice is wrong once. */
function addOnce(list: ConfigFault[], fault: ConfigFault): void {
  const at = pathText(fault.path);
  if (list.some((each) => each.message === fault.message && pathText(each.path) === at)) return;
  list.push(fault);
}

/** Whether a value is a map of a configuration or of JSON. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
