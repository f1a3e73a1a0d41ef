import { type Bounds, ConfigReader, type Findings, isRecord } from "@layotto/sidecar-kit/config";

export type { Findings };

/** A map of the section `mesh` that is being read: as MOSN does, where that is more generous. */
export class ConfigNode extends ConfigReader {
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

  number(key: string, bounds: Bounds = {}): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value !== "number") return this.wrong(key, "must be a number");
    return this.within(key, value, bounds);
  }

  /** What a word stands for; another one is a fault. */
  meaning<T>(key: string, table: Readonly<Record<string, T>>): T | undefined {
    const word = this.choice(key, Object.keys(table));
    return word === undefined ? undefined : table[word];
  }

  /** The maps of a list; a single map stands for a list of one. */
  override children(key: string): this[] {
    const value = this.raw(key);
    return isRecord(value) ? [this.inside(value, key)] : super.children(key);
  }

  /** Warns about keys that MOSN has and that mean nothing here. */
  unserved(keys: readonly string[], message = "is not supported: it has no effect"): void {
    for (const key of keys) {
      if (this.has(key) && this.raw(key) !== false && this.raw(key) !== "") this.warn(key, message);
    }
  }
}
