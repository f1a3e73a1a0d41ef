import { readFileSync } from "node:fs";
import { type Environment, expandEnvironment } from "./expand.ts";
import { ConfigError, type ConfigFault } from "./fault.ts";
import { extractLayotto, isLayottoShape } from "./layotto-shape.ts";
import type { Places } from "./place.ts";
import { isRecord } from "./record.ts";

/** Which of the two accepted forms a file has. */
export type ConfigShape = "layotto" | "flat";

/** A configuration file that was read, brought into one form. Its sections have not been validated. */
export interface LoadedConfig extends Places {
  /** Path of the file, for reports. */
  readonly source: string;
  readonly shape: ConfigShape;
  /** Section name → content, in the order of the file. */
  readonly sections: Readonly<Record<string, unknown>>;
  /** What is wrong already: unset variables, a broken envelope. */
  readonly faults: readonly ConfigFault[];
  /** What the file asks for and nobody does, by path. */
  readonly warnings: readonly ConfigFault[];
}

/** Options of {@link loadConfig}. */
export interface LoadConfigOptions {
  /** Path of a YAML or JSON file. */
  file: string;
  /** Default `process.env`. */
  env?: Environment;
}

/**
 * Reads a configuration file: YAML or JSON, flat or Layotto-shaped, with `${ENV}` expansion.
 *
 * @throws ConfigError when the file cannot be read or parsed
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const { file, env = process.env } = options;
  return interpretConfig(file, await parseConfig(file, readText(file)), env);
}

/** Brings an already parsed file into one form. */
export function interpretConfig(source: string, parsed: unknown, env: Environment): LoadedConfig {
  const faults: ConfigFault[] = [];
  const root = expandEnvironment(parsed ?? {}, env, faults);
  if (!isRecord(root)) {
    throw new ConfigError(source, [{ path: [], message: "the file must hold a map of sections" }]);
  }
  if (isLayottoShape(root)) return { source, shape: "layotto", ...extractLayotto(root, faults) };
  const paths = Object.fromEntries(Object.keys(root).map((section) => [section, [section]]));
  return { source, shape: "flat", sections: root, paths, faults, warnings: [] };
}

/** Parses text as JSON when the file is called `.json`, otherwise as YAML (of which JSON is a part). */
export async function parseConfig(source: string, text: string): Promise<unknown> {
  try {
    if (source.endsWith(".json")) return JSON.parse(text) as unknown;
    // Imported here: it costs 8 MB, and files that the supervisor writes are JSON.
    const { parse } = await import("yaml");
    return parse(text, { merge: true }) as unknown;
  } catch (error) {
    throw new ConfigError(source, [{ path: [], message: syntaxMessage(error) }]);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const code: unknown = Reflect.get(Object(error), "code");
    const why =
      code === "ENOENT" ? "no such file" : error instanceof Error ? error.message : "unreadable";
    throw new ConfigError(file, [{ path: [], message: `cannot read the file: ${why}` }]);
  }
}

function syntaxMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `cannot parse the file: ${message.split("\n", 1)[0]?.replace(/:$/, "")}`;
}
