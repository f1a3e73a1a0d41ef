import { defaultDefinition } from "../../config/read-definition.ts";
import { encodeMap } from "../../config/encode-map.ts";
import { type Capabilities, noCapabilities } from "../../model/capabilities.ts";
import type { FunctionDefinition, Limits } from "../../model/definition.ts";
import { type Arguments, readArguments } from "../arguments.ts";
import type { GrantKey } from "../inspect/grants.ts";
import { usageError } from "../tool-error.ts";

const command = "run";

const many = { type: "string", multiple: true } as const;
const options = {
  request: { type: "string" },
  header: many,
  body: { type: "string" },
  config: many,
  env: many,
  allow: many,
  gateway: { type: "string" },
  mem: { type: "string" },
  cpu: { type: "string" },
  timeout: { type: "string" },
  fuel: { type: "string" },
} as const;

/** What `layotto wasm run` was asked. */
export interface RunOptions {
  readonly file: string;
  readonly definition: FunctionDefinition;
  readonly method: string;
  readonly path: string;
  /** Name and value alternating, names in lower case. */
  readonly headers: readonly string[];
  /** Text, or `@` and the name of a file. */
  readonly body: string | undefined;
  /** Where the Runtime API is served. */
  readonly gateway: string;
}

/**
 * Reads the command line.
 *
 * @throws ToolError
 */
export function readRunOptions(argv: readonly string[]): RunOptions {
  const { values, positionals } = readArguments(command, joinRequest(argv), options, ["FILE"]);
  const [file = ""] = positionals;
  const headers = pairs("header", values.header, ":").map(([name, value]) => [
    name.toLowerCase(),
    value.trim(),
  ]);
  return {
    file,
    definition: readDefinition(file, values),
    ...readRequest(values.request, values.body),
    headers: headers.flat(),
    body: values.body,
    gateway: values.gateway ?? "127.0.0.1:34904",
  };
}

/** `--request METHOD PATH` as one word, which is all that an option can have. */
function joinRequest(argv: readonly string[]): string[] {
  const at = argv.indexOf("--request");
  const [method, path] = argv.slice(at + 1);
  if (at < 0 || method === undefined || path === undefined) return [...argv];
  return [...argv.slice(0, at), `--request=${method} ${path}`, ...argv.slice(at + 3)];
}

function readRequest(
  request: string | undefined,
  body: string | undefined,
): { method: string; path: string } {
  if (request === undefined) return { method: body === undefined ? "GET" : "POST", path: "/" };
  const [, method, path] = /^([A-Za-z]+) (\/\S*)$/u.exec(request) ?? [];
  if (method === undefined || path === undefined)
    throw usageError(
      command,
      `"${request}" must be a method and a path, as in --request GET /books?name=book1`,
    );
  return { method: method.toUpperCase(), path };
}

type Values = Arguments<typeof options>["values"];

function readDefinition(file: string, values: Values): FunctionDefinition {
  const name = /([^/\\]*?)(\.wasm)?$/u.exec(file)?.[1] ?? file;
  const config = pairs("config", values.config, "=");
  const definition = defaultDefinition(name, 1);
  return {
    ...definition,
    limits: readLimits(definition.limits, values),
    capabilities: readGrants(values.allow),
    pluginConfig: config.length === 0 ? new Uint8Array() : encodeMap(Object.fromEntries(config)),
    environment: Object.fromEntries(pairs("env", values.env, "=")),
  };
}

function readLimits(limits: Limits, values: Values): Limits {
  const mebibytes = number("mem", values.mem, 1, 4096);
  return {
    ...limits,
    memoryBytes: mebibytes === undefined ? limits.memoryBytes : mebibytes * 1024 ** 2,
    cpuMs: number("cpu", values.cpu, 1, 86_400_000) ?? limits.cpuMs,
    timeoutMs: number("timeout", values.timeout, 1, 86_400_000) ?? limits.timeoutMs,
    fuel: number("fuel", values.fuel, 1, Number.MAX_SAFE_INTEGER) ?? limits.fuel,
  };
}

const lists: Readonly<Record<GrantKey, keyof Capabilities>> = {
  read: "readStores",
  write: "writeStores",
  topics: "topics",
  locks: "lockStores",
  sequencers: "sequencerStores",
  secrets: "secretStores",
  configuration: "configurationStores",
  services: "services",
  outbound: "outbound",
};

function readGrants(allowed: readonly string[] | undefined): Capabilities {
  const granted: Record<string, string[]> = {};
  for (const [key, name] of pairs("allow", allowed, "=")) {
    const list = Object.hasOwn(lists, key) ? lists[key as GrantKey] : undefined;
    if (list === undefined)
      throw usageError(
        command,
        `--allow "${key}" is no key, there are ${Object.keys(lists).join(", ")}`,
      );
    (granted[list] ??= []).push(name);
  }
  return { ...noCapabilities, ...granted };
}

function pairs(
  option: string,
  words: readonly string[] | undefined,
  between: string,
): [string, string][] {
  return (words ?? []).map((word) => {
    const at = word.indexOf(between);
    if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
    throw usageError(command, `--${option} "${word}" must be a name, "${between}" and a value`);
  });
}

function number(
  option: string,
  text: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/u.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw usageError(
    command,
    `--${option} "${text}" must be a whole number from ${least} to ${most}`,
  );
}
