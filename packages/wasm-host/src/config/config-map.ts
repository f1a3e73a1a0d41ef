import { ConfigReader, type Findings, isRecord } from "@layotto/sidecar-kit/config";
import { sizeBytes } from "./units.ts";

export type { Findings };
export { isRecord as isMap };

/** A map of the section `wasm`, or of an order, that is being read. */
export class ConfigMap extends ConfigReader {
  texts(key: string): string[] {
    const value = this.raw(key);
    if (value === undefined) return [];
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (list.every((each) => typeof each === "string" && each !== "")) return list as string[]; // just checked
    this.wrong(key, "must be a list of strings");
    return [];
  }

  /** Octets of `"64MiB"`, or of a number of `unit` octets. */
  size(key: string, unit = 1): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    return sizeBytes(value, unit) ?? this.wrong(key, 'must be a size, e.g. "64MiB"');
  }

  override labels(key: string): Record<string, string> | undefined {
    return super.labels(key, "must be a string; write what is nested as a text of JSON");
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
}
