import { pathText } from "@layotto/sidecar-kit/config";
import { WasmError } from "../errors.ts";
import { ConfigMap, type Findings, isMap } from "./config-map.ts";
import { functionKeys, nestedKeys } from "./keys.ts";
import { isFunctionName, readFunction } from "./read-function.ts";
import type { FunctionSettings, Plugins } from "./settings.ts";

/** What orders are read with. */
export interface BodyContext {
  /** Where relative paths begin. @default the working directory */
  readonly baseDir?: string;
  /** Default of `instance_num`. */
  readonly cpus: number;
  /** What `from_wasm_plugin` refers to. @default none */
  readonly plugins?: Plugins;
}

/**
 * Reads the body of an order to install a function: the keys of an entry of `wasm.functions`, and its name. In a body
 * with `vm_config`, Layotto's form, further keys with texts are user data for `proxy_on_configure`.
 *
 * @throws WasmError what is wrong with it, in Layotto's words where it has any
 */
export function readInstallBody(body: unknown, context: BodyContext): FunctionSettings {
  const map = bodyMap(body);
  const name = nameOf(map);
  const found: Findings = { faults: [], warnings: [] };
  const plugins = pluginMaps(context.plugins ?? {}, found);
  const plugin = map["from_wasm_plugin"];
  if (typeof plugin === "string" && plugin !== "" && !plugins.has(plugin)) {
    throw new WasmError("NO_SOURCE", 400, "plugin not found");
  }
  const node = new ConfigMap(entryOf(map, found), [], found);
  const read = readFunction(name, node, {
    baseDir: context.baseDir ?? process.cwd(),
    cpus: context.cpus,
    plugins,
  });
  if (found.faults.length > 0) throw invalid(found);
  if (read.sources.length === 0) throw noSource(map);
  return read;
}

/**
 * Reads the body of an order to change the number of instances.
 *
 * @throws WasmError in Layotto's words
 */
export function readUpdateBody(body: unknown): { name: string; instances: number } {
  const map = bodyMap(body);
  const name = nameOf(map);
  const instances = map["instance_num"];
  if (typeof instances !== "number") {
    throw new WasmError("INVALID_INSTANCES", 400, "can't get instance_num property");
  }
  if (instances <= 0) {
    throw new WasmError("INVALID_INSTANCES", 400, "instance_num should be greater than 0");
  }
  if (!Number.isSafeInteger(instances) || instances > 4096) {
    throw new WasmError("INVALID_INSTANCES", 400, "instance_num must be a whole number up to 4096");
  }
  return { name, instances };
}

/**
 * Reads the body of an order that only names a function.
 *
 * @throws WasmError in Layotto's words
 */
export function readNameBody(body: unknown): string {
  return nameOf(bodyMap(body));
}

function bodyMap(body: unknown): Record<string, unknown> {
  if (isMap(body)) return body;
  throw new WasmError("INVALID_BODY", 400, "invalid request body");
}

function nameOf(map: Readonly<Record<string, unknown>>): string {
  const name = map["name"];
  if (typeof name !== "string" || name === "") {
    throw new WasmError("NAME_MISSING", 400, "can't get name property");
  }
  if (isFunctionName(name)) return name;
  const rule = "must have 1 to 200 ASCII characters, no blanks and no slashes";
  throw new WasmError("INVALID_BODY", 400, `name ${JSON.stringify(name.slice(0, 200))} ${rule}`);
}

/** The body as an entry of the configuration. */
function entryOf(map: Readonly<Record<string, unknown>>, found: Findings): Record<string, unknown> {
  const { name, ...rest } = map;
  const isLayottos = map["vm_config"] !== undefined || map["from_wasm_plugin"] !== undefined;
  const entry: Record<string, unknown> = {};
  const data: Record<string, unknown> = { name };
  for (const [key, value] of Object.entries(rest)) {
    if (functionKeys.includes(key)) entry[key] = value;
    else if (isLayottos) data[key] = value;
    else found.faults.push({ path: [key], message: "unknown key; put user data into config" });
  }
  const texts = Object.entries(data).filter(([, value]) => typeof value === "string");
  if (isLayottos) entry["config"] ??= Object.fromEntries(texts);
  for (const [key, known] of Object.entries(nestedKeys))
    reportUnknown(map[key], known, [key], found);
  return entry;
}

function reportUnknown(
  value: unknown,
  known: readonly string[],
  path: readonly PropertyKey[],
  found: Findings,
): void {
  if (Array.isArray(value)) {
    for (const [i, each] of value.entries()) reportUnknown(each, known, [...path, i], found);
  }
  for (const key of isMap(value) ? Object.keys(value) : []) {
    if (!known.includes(key)) found.faults.push({ path: [...path, key], message: "unknown key" });
  }
}

function pluginMaps(plugins: Plugins, found: Findings): Map<string, ConfigMap> {
  return new Map(new ConfigMap({ plugins }, ["wasm"], found).entries("plugins"));
}

function invalid({ faults }: Findings): WasmError {
  const text = faults.map(({ path, message }) => `${pathText(path)} ${message}`.trim()).join("; ");
  return new WasmError("INVALID_BODY", 400, text);
}

/** Layotto's word where its key is missing; otherwise what to do. */
function noSource(map: Readonly<Record<string, unknown>>): WasmError {
  const isMissing = map["vm_config"] === undefined && map["from_wasm_plugin"] === undefined;
  const message = isMissing ? "nil vm config" : "vm_config names no module: set path, url or image";
  return new WasmError("NO_SOURCE", 400, message);
}
