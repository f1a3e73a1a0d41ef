import { join } from "node:path";
import type { JsonSchema } from "@layotto/sidecar-kit/config";
import { nameListeners } from "@layotto/sidecar-kit/process";
import { addressesAt } from "./address-pattern.ts";
import {
  type DescribedMethod,
  gatewaySection,
  type InstalledSidecar,
  readDescription,
  readSectionSchemas,
} from "./discovery.ts";
import { ExitCode } from "./exit-codes.ts";
import { type ProcessChoice, splitProcesses } from "./plan-split.ts";
import type { ListenerSpec, ProcessSpec } from "./supervisor/process-spec.ts";
import { UserError } from "./user-error.ts";
import { isUsed, record } from "./values.ts";

/** Addresses of the gateway when the configuration names none: Layotto's own. */
export const defaultListen = "127.0.0.1:34904";
export const defaultActuator = "127.0.0.1:34999";

/** Keys that every process is given. */
const commonKeys = ["app", "log", "data_dir", "run_dir", "installation"] as const;

/** What to run. */
export interface Plan {
  processes: readonly ProcessSpec[];
  /** Names of sidecars that are installed and not used. */
  unused: readonly string[];
}

/** What a plan is made of. */
export interface PlanInput {
  /** Sections of the configuration by name, in the flat shape. */
  config: Readonly<Record<string, unknown>>;
  installed: readonly InstalledSidecar[];
  runDir: string;
}

/**
 * Decides which processes run: the gateway, and of the installed sidecars those whose sections are used. Each gets only
 * its own sections and the common ones; the gateway also learns where the others are and what to answer for the rest.
 *
 * @throws {UserError} when the gateway is not installed or `processes` is wrong
 */
export function planProcesses({ config, installed, runDir }: PlanInput): Plan {
  const gateway = installed.find((s) => s.sections.includes(gatewaySection));
  if (gateway === undefined)
    throw new UserError(
      "Cannot start: the gateway is not installed\nInstall the package @layotto/api-gateway beside the CLI",
      ExitCode.unavailable,
    );
  const others = installed.filter((s) => s !== gateway);
  const choices = splitProcesses(config, others);
  const sidecars = choices.map((choice) => sidecarSpec(choice, config));
  const used = new Set(choices.map((c) => c.sidecar));
  return {
    processes: [gatewaySpec(gateway, config, choices, others, runDir), ...sidecars],
    unused: others.filter((s) => !used.has(s)).map((s) => s.name),
  };
}

function sidecarSpec(choice: ProcessChoice, config: PlanInput["config"]): ProcessSpec {
  const { sidecar, name, sections } = choice;
  return {
    name,
    kind: "sidecar",
    packageName: sidecar.packageName,
    version: sidecar.version,
    bin: sidecar.bin,
    config: { ...common(config), ...sections },
    listeners: Object.entries(sidecar.listeners ?? {}).flatMap(([prefix, pattern]) =>
      listeners(prefix, addressesAt(sections, pattern)),
    ),
    components: componentNames(sections, readSectionSchemas(sidecar)),
    memoryComponents: memoryComponents(sections),
  };
}

function gatewaySpec(
  gateway: InstalledSidecar,
  config: PlanInput["config"],
  choices: readonly ProcessChoice[],
  others: readonly InstalledSidecar[],
  runDir: string,
): ProcessSpec {
  const section = record(config[gatewaySection]);
  const planned = choices.map(({ name, sidecar }) => [
    name,
    { addresses: [`unix:${join(runDir, `${name}.sock`)}`], capability: sidecar.name },
  ]);
  const listen = section["listen"] ?? defaultListen;
  const actuator = section["actuator"] ?? defaultActuator;
  const own = {
    ...section,
    listen,
    actuator,
    // What the user wrote himself, e.g. a sidecar on another host, stays.
    upstreams: { ...Object.fromEntries(planned), ...record(section["upstreams"]) },
    unconfigured: unconfigured(others, config),
  };
  return {
    name: gateway.name,
    kind: "gateway",
    packageName: gateway.packageName,
    version: gateway.version,
    bin: gateway.bin,
    config: { ...common(config), [gatewaySection]: own },
    listeners: [...listeners("grpc", listen), ...listeners("actuator", actuator)],
    components: {},
    memoryComponents: [],
  };
}

/**
 * TCP addresses get a socket of the supervisor, called `grpc`, `grpc-2` and so on in their order; unix sockets are
 * made, and replaced, by the process itself.
 */
function listeners(name: string, value: unknown): ListenerSpec[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.map((each) => (typeof each === "string" ? each : undefined));
  return nameListeners(name, texts).filter((each) => each !== undefined);
}

/** Static answers for the methods of sections that the configuration does not use. */
function unconfigured(others: readonly InstalledSidecar[], config: PlanInput["config"]): object[] {
  return others
    .flatMap(readDescription)
    .filter((method: DescribedMethod) => !isUsed(config[method.section]))
    .map(({ path, unconfigured: answer }) => ({ path, ...answer }));
}

function common(config: PlanInput["config"]): Record<string, unknown> {
  const entries = commonKeys.filter((key) => config[key] !== undefined);
  return Object.fromEntries(entries.map((key) => [key, config[key]]));
}

/** Section → names of its components. A section whose keys the schema fixes has none. */
function componentNames(
  sections: Readonly<Record<string, unknown>>,
  schemas: Readonly<Record<string, JsonSchema>>,
): Record<string, string[]> {
  const names = Object.entries(sections)
    .filter(([section]) => schemas[section]?.properties === undefined)
    .map(([section, components]) => [section, Object.keys(record(components))] as const);
  return Object.fromEntries(names.filter(([, components]) => components.length > 0));
}

/** Components of type `in-memory`, as `section.name`. */
function memoryComponents(sections: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(sections).flatMap(([section, components]) =>
    Object.entries(record(components))
      .filter(([, component]) => record(component)["type"] === "in-memory")
      .map(([name]) => `${section}.${name}`),
  );
}
