import { resolve } from "node:path";
import { commonSections, layottoSections } from "./common.ts";
import { closestWord } from "./did-you-mean.ts";
import type { ConfigFault } from "./fault.ts";
import { checkSchema } from "./json-schema.ts";
import type { LoadedConfig } from "./load.ts";
import type { MaybePromise } from "../component.ts";
import type { TlsFiles } from "../process/pem.ts";
import { placeInFile } from "./place.ts";
import { isRecord } from "./record.ts";

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
  /** Paths of PEM files, absolute. */
  readonly tls: TlsFiles | undefined;
  /** File mode of a unix socket that is listened on alone. */
  readonly socketMode: number;
  readonly socketGroup: string | number | undefined;
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
    tls: tlsOf(sections["tls"]),
    socketMode: Number.parseInt(text(sections["socket_mode"]) ?? "0600", 8),
    socketGroup: groupOf(sections["socket_group"]),
    insecure: sections["insecure"] === true,
  };
}

function tlsOf(section: unknown): TlsFiles | undefined {
  if (!isRecord(section)) return undefined;
  const [cert, key, clientCa] = [section["cert"], section["key"], section["clientCa"]].map(text);
  if (cert === undefined || key === undefined) return undefined; // a fault, and reported
  return {
    cert: resolve(cert),
    key: resolve(key),
    clientCa: clientCa === undefined ? undefined : resolve(clientCa),
  };
}

function groupOf(value: unknown): string | number | undefined {
  return typeof value === "number" ? value : text(value);
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

/** Checks an object that holds the sections of one process; paths of what it finds begin with the section. */
export type SectionCheck<Config> = (
  sections: Readonly<Record<string, unknown>>,
  lenient: boolean,
) => MaybePromise<OwnSections<Config>>;

/**
 * Checks the sections that belong to one process. Sections of others are none of its business, but a section that
 * nobody knows and that looks like one of its own is a slip worth stopping for.
 */
export async function readSections<Config>(
  loaded: LoadedConfig,
  sections: readonly string[],
  check: SectionCheck<Config>,
): Promise<OwnSections<Config>> {
  const own = Object.fromEntries(
    sections
      .filter((each) => loaded.sections[each] !== undefined)
      .map((each) => [each, loaded.sections[each]]),
  );
  const { config, faults, warnings } = await check(own, loaded.shape === "layotto");
  const place = (fault: ConfigFault) => ({ ...fault, path: placeInFile(loaded, fault.path) });
  const slips = Object.keys(loaded.sections).flatMap((name) => slip(name, sections));
  return { config, faults: [...faults.map(place), ...slips], warnings: warnings.map(place) };
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
