import { readFileSync } from "node:fs";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import type { MaybePromise } from "./component.ts";
import type { ComponentGroup } from "./components.ts";
import type { ConfigFault } from "./config/fault.ts";
import type { JsonSchema } from "./config/json-schema.ts";
import type { SchemaSource } from "./config/schema-source.ts";
import type { SidecarContext } from "./context.ts";
import type { RpcError } from "./errors.ts";
import type { ServiceImplementation } from "./service/implement.ts";
import type { Pages } from "./service/pages.ts";

/** What a sidecar consists of once it is configured. */
export interface SidecarParts<Config = unknown> {
  /** Opened in this order after the sidecar listens, closed in reverse. */
  readonly components: readonly ComponentGroup[];
  readonly services: readonly ServiceImplementation[];
  /** Free-form facts shown by `/actuator/info`, asked for whenever the sidecar describes itself. */
  info?(): Readonly<Record<string, string>>;
  /**
   * What the gateway shows as `/actuator/<name>`, by name (a-z, 0-9, -): what it returns is sent as JSON. Asked whenever
   * somebody looks.
   */
  readonly pages?: Pages;
  /** Request messages may be so large, bytes, at least 4 MiB; the largest value of a process holds. @default 4 MiB */
  readonly maxMessageBytes?: number;
  /** Calls back when {@link info} changes. Returns how to stop that. */
  onChange?(listener: () => void): () => void;
  /** Called when the sidecar listens and its components begin to open: work of its own accord starts here. */
  start?(): void;
  /**
   * Called at once when the process begins to stop, while calls may still run: work of the sidecar's own accord, such as
   * handing out messages, ends here. Bounded by the grace period.
   */
  drain?(graceMs: number): Promise<void>;
  /**
   * Takes over a changed configuration while calls run. Called when the file of the process has changed, is right, and
   * the sidecar's own sections differ; never twice at once. Without it a change takes effect with the next start.
   *
   * @throws ConfigError when it is refused and nothing has changed
   */
  reload?(config: Config): MaybePromise<void>;
  /** Called after the last call has ended and before the components close. */
  close?(): Promise<void>;
}

/** Faults and warnings of a configuration; their paths begin with the section. */
export interface ConfigFindings {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
}

/** Methods that a sidecar serves for one section, and what callers get while that section is not configured. */
export interface MethodGroup {
  readonly section: string;
  readonly service: GenService<GenServiceMethods>;
  /** Names as in the .proto file, e.g. `"SayHello"`. */
  readonly methods: readonly string[];
  /** The answer when no process serves them, e.g. FAILED_PRECONDITION `lock store is not configured`. */
  readonly unconfigured: RpcError;
}

/** A sidecar as a plain value: run it alone (`runSidecar`) or with others in one process (`runSidecars`). */
export interface Sidecar<Config = unknown> {
  /** Package name without scope, e.g. `"hello-sidecar"`. */
  readonly name: string;
  /** The capability in the words of error messages, e.g. `"hello"`; also the default process name. */
  readonly capability: string;
  readonly version: string;
  /** Sections of the config file that belong to it. */
  readonly sections: readonly string[];
  /** Schema of the object that holds these sections, or how to import it. */
  readonly config: SchemaSource<Config>;
  /** The published form of it, `publishedSchema(import.meta.url)`: wanted where schemas are imported only on demand. */
  readonly schema?: JsonSchema | undefined;
  /** What it serves per section: published as description.json, so that the gateway can answer when it is not started. */
  readonly methods: readonly MethodGroup[];
  /** Finds what is wrong beyond what the schema says, such as a name that is not there. Asked before `create`. */
  check?(config: Config): MaybePromise<ConfigFindings>;
  /** Puts the parts together. Must not connect to anything: that happens when the components open. */
  create(context: SidecarContext<Config>): MaybePromise<SidecarParts<Config>>;
}

/** Checks a sidecar while keeping the type of its configuration. */
export function defineSidecar<Config>(sidecar: Sidecar<Config>): Sidecar<Config> {
  return sidecar;
}

/**
 * Returns the version in the package.json one directory above a module.
 *
 * @param moduleUrl `import.meta.url` of `src/sidecar.ts`
 */
export function packageVersion(moduleUrl: string): string {
  const text = readFileSync(new URL("../package.json", moduleUrl), "utf8");
  const { version } = JSON.parse(text) as { version?: unknown }; // package.json is ours
  return typeof version === "string" ? version : "0.0.0";
}
