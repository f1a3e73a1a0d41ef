import { resolve } from "node:path";
import { checkZod } from "./check-zod.ts";
import { commonSections, layottoSections } from "./common.ts";
import { closestWord } from "./did-you-mean.ts";
import type { ConfigFault } from "./fault.ts";
import { checkSchema } from "./json-schema.ts";
import type { LoadedConfig } from "./load.ts";
import { isRecord } from "./record.ts";
import type { z } from "zod";

/** The keys that every process reads, with defaults filled in as far as they do not depend on the process. */
export interface CommonConfig {
  readonly appId: string;
  readonly callbackHost: string;
  /** Undefined when the application serves no callbacks. */
  readonly callbackPort: number | undefined;
  readonly logLevel: string | undefined;
  readonly dataDir: string | undefined;
  readonly runDir: string | undefined;
  readonly installation: string;
  readonly listen: string | undefined;
  readonly token: string | undefined;
  readonly insecure: boolean;
}

/** Checks the common keys of a file and reads them. Paths are absolute, from the working directory. */
export function readCommon(loaded: LoadedConfig): { common: CommonConfig; faults: ConfigFault[] } {
  const faults = Object.entries(commonSections).flatMap(([key, schema]) => {
    const value = loaded.sections[key];
    const path = loaded.paths[key] ?? [key];
    return value === undefined ? [] : checkSchema(schema, value, path);
  });
  const isFault = (fault: (typeof faults)[number]) =>
    fault.kind === "invalid" || loaded.shape === "flat";
  return { common: commonOf(loaded.sections), faults: faults.filter(isFault) };
}

function commonOf(sections: Readonly<Record<string, unknown>>): CommonConfig {
  const app = isRecord(sections["app"]) ? sections["app"] : {};
  const log = isRecord(sections["log"]) ? sections["log"] : {};
  const appId = text(app["app_id"]) ?? "";
  const port = Number(app["grpc_callback_port"] ?? 0);
  const path = (key: string) => {
    const value = text(sections[key]);
    return value === undefined ? undefined : resolve(value);
  };
  return {
    appId,
    callbackHost: text(app["grpc_callback_host"]) ?? "127.0.0.1",
    callbackPort: port > 0 ? port : undefined,
    logLevel: text(log["level"]),
    dataDir: path("data_dir"),
    runDir: path("run_dir"),
    installation: text(sections["installation"]) ?? (appId || "default"),
    listen: text(sections["listen"]),
    token: text(sections["token"]),
    insecure: sections["insecure"] === true,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What {@link readSections} finds. */
export interface OwnSections<Config> {
  readonly config: Config;
  readonly faults: ConfigFault[];
  readonly warnings: ConfigFault[];
}

/**
 * Checks the sections that belong to one sidecar. Sections of others are none of its business, but a section that
 * nobody knows and that looks like one of its own is a slip worth stopping for.
 */
export function readSections<Config>(
  loaded: LoadedConfig,
  sections: readonly string[],
  schema: z.ZodType<Config>,
): OwnSections<Config> {
  const own = Object.fromEntries(
    sections
      .filter((each) => loaded.sections[each] !== undefined)
      .map((each) => [each, loaded.sections[each]]),
  );
  const checked = checkZod(schema, own, [], loaded.shape === "layotto");
  const place = (fault: ConfigFault): ConfigFault => {
    const [section, ...rest] = fault.path;
    return { ...fault, path: [...(loaded.paths[String(section)] ?? [section ?? ""]), ...rest] };
  };
  const slips = Object.keys(loaded.sections).flatMap((name) => slip(name, sections));
  return {
    config: checked.value,
    faults: [...checked.faults.map(place), ...slips],
    warnings: checked.warnings.map(place),
  };
}

function slip(name: string, sections: readonly string[]): ConfigFault[] {
  if (
    sections.includes(name) ||
    layottoSections.includes(name) ||
    Object.hasOwn(commonSections, name)
  )
    return [];
  const near = closestWord(name, sections);
  return near === undefined
    ? []
    : [{ path: [name], message: `unknown section; did you mean "${near}"?` }];
}
