// What the gateway makes of section `gateway` when it runs: checked, defaults filled in, addresses parsed.
import { readFileSync } from "node:fs";
import { checkFlow } from "@layotto/flow-control";
import type { StatusCode } from "@layotto/grpc-transport";
import type { ConfigFault } from "@layotto/sidecar-kit";
import { checkPublished, sectionSchemas, type JsonSchema } from "@layotto/sidecar-kit/config";
import {
  addressText,
  isLocalAddress,
  parseAddress,
  type ListenAddress,
} from "@layotto/sidecar-kit/process";
import type { GatewaySection } from "./config.ts";
import { hookTarget } from "./hooks/hook-table.ts";
import { isReserved } from "./routing/build-table.ts";

type UpstreamSection = GatewaySection["upstreams"][string];
type UnconfiguredMethod = GatewaySection["unconfigured"][number];

/** `gateway.flowControl`. */
export type FlowControlConfig = NonNullable<GatewaySection["flowControl"]>;

/** `gateway.tcpcopy`. */
export type TcpcopyConfig = NonNullable<GatewaySection["tcpcopy"]>;

/** One upstream of section `gateway`. */
export type UpstreamConfig = Omit<UpstreamSection, "addresses"> & {
  readonly addresses: readonly ListenAddress[];
};

/** Section `gateway`, checked, with defaults filled in and addresses parsed. */
export type GatewayConfig = Omit<
  GatewaySection,
  "listen" | "actuator" | "upstreams" | "unconfigured"
> & {
  readonly listen: readonly ListenAddress[];
  readonly actuator: ListenAddress | false;
  readonly upstreams: Readonly<Record<string, UpstreamConfig>>;
  readonly unconfigured: readonly (UnconfiguredMethod & { readonly code: StatusCode })[];
};

/** What {@link gatewaySettings} finds; paths begin below the section. */
export interface GatewaySettings {
  /** Undefined when there are faults. */
  readonly config: GatewayConfig | undefined;
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
}

/** The published schema of the section: what is checked is what is documented. */
const schema = sectionSchemas(
  // Generated from config.ts.
  JSON.parse(readFileSync(new URL("../schema.json", import.meta.url), "utf8")) as JsonSchema,
)["gateway"];

/** The published schema of `gateway.flowControl`. */
export function flowSchema(): JsonSchema {
  return schema?.properties?.["flowControl"] ?? {};
}

/**
 * Checks section `gateway` and reads it.
 *
 * @param lenient whether unknown keys are left out with a warning
 */
export function gatewaySettings(section: unknown = {}, lenient = false): GatewaySettings {
  const { value, faults, warnings } = checkPublished(schema ?? {}, section, [], lenient);
  const config = faults.length > 0 ? undefined : parsed(value, faults);
  if (config?.flowControl !== undefined) {
    const below = checkFlow(config.flowControl).warnings;
    warnings.push(...below.map((one) => ({ ...one, path: ["flowControl", ...one.path] })));
  }
  return { config: faults.length > 0 ? undefined : config, faults, warnings };
}

function parsed(section: unknown, faults: ConfigFault[]): GatewayConfig {
  const fields = section as GatewaySection; // checked by the schema that this type is made from
  const parse = (text: string, path: Path): ListenAddress => readAddress(text, path, faults);
  const { listen, actuator } = fields;
  const upstreams = Object.entries(fields.upstreams).map(([name, one]) => {
    const at = (i: number): Path => ["upstreams", name, "addresses", i];
    return [
      name,
      { ...one, addresses: one.addresses.map((text, i) => parse(text, at(i))) },
    ] as const;
  });
  const config: GatewayConfig = {
    ...fields,
    listen:
      typeof listen === "string"
        ? [parse(listen, ["listen", 0])]
        : listen.map((text, i) => parse(text, ["listen", i])),
    actuator: actuator === false ? false : parse(actuator, ["actuator"]),
    upstreams: Object.fromEntries(upstreams),
    unconfigured: fields.unconfigured as GatewayConfig["unconfigured"], // 1 to 16 by the schema
  };
  if (faults.length === 0) {
    faults.push(
      ...[...halves(config), ...unsafe(config), ...traffic(config), ...hookFaults(config)].map(
        ([path, message]) => ({ path, message }),
      ),
    );
  }
  return config;
}

type Path = readonly (string | number)[];

/** An address that is none is a fault; what is returned then is never used. */
function readAddress(text: string, path: Path, faults: ConfigFault[]): ListenAddress {
  try {
    return parseAddress(text);
  } catch (error) {
    faults.push({ path, message: error instanceof Error ? error.message : String(error) });
    return { path: text };
  }
}

/** What is open to other machines only because of `insecure: true`; said as a warning at each start. */
export function insecureWarnings(config: GatewayConfig): string[] {
  const safe: GatewayConfig = {
    ...config,
    insecure: false,
    upstreams: Object.fromEntries(
      Object.entries(config.upstreams).map(([name, one]) => [name, { ...one, insecure: false }]),
    ),
  };
  return unsafe(safe).map(([path, message]) => `gateway.${path.join(".")}: ${message}`);
}

type Fault = readonly [path: Path, message: string];

function halves({ upstreams }: GatewayConfig): Fault[] {
  return Object.entries(upstreams).flatMap(([name, { tls }]) => {
    if (tls === undefined || (tls.cert === undefined) === (tls.key === undefined)) return [];
    const missing = tls.cert === undefined ? "cert" : "key";
    return [
      [["upstreams", name, "tls", missing], "must be given, for the other of cert and key is"],
    ];
  });
}

function traffic({ flowControl, tcpcopy }: GatewayConfig): Fault[] {
  const rules = flowControl === undefined ? [] : checkFlow(flowControl).faults;
  const faults = rules.map(({ path, message }): Fault => {
    return [["flowControl", ...path.map((key) => (typeof key === "symbol" ? "" : key))], message];
  });
  const { interval = 1, duration = 0 } = tcpcopy?.strategy ?? {};
  if (duration < interval) return faults;
  return [
    ...faults,
    [["tcpcopy", "strategy", "duration"], `must be less than interval, ${interval}`],
  ];
}

/** A timer cannot wait longer, ms. */
const maxTimeoutMs = 0x7fff_ffff;

function hookFaults({ hooks }: GatewayConfig): Fault[] {
  return hooks.flatMap(({ method, timeout }, i): Fault[] => {
    const faults: Fault[] = [];
    if (isReserved(hookTarget(method))) {
      const text = `"${method}" is a method of the gateway or of sidecars; hooks run around methods of the API`;
      faults.push([["hooks", i, "method"], text]);
    }
    if (timeout <= 0 || timeout > maxTimeoutMs) {
      faults.push([["hooks", i, "timeout"], `must be more than 0 and at most ${maxTimeoutMs} ms`]);
    }
    return faults;
  });
}

function unsafe(config: GatewayConfig): Fault[] {
  const open = [...openListeners(config), ...openActuator(config)];
  return [...(config.insecure ? [] : open), ...openUpstreams(config)];
}

function openListeners({ listen, tls: secured, token }: GatewayConfig): Fault[] {
  if (secured !== undefined || token !== undefined) return [];
  return listen.flatMap((one, i) =>
    isLocalAddress(one) ? [] : [[["listen", i], openText(one)] as const],
  );
}

function openActuator({ actuator, token }: GatewayConfig): Fault[] {
  if (actuator === false || isLocalAddress(actuator) || token !== undefined) return [];
  const cure = "without token; set token, or insecure: true";
  return [[["actuator"], `"${addressText(actuator)}" is open to other machines ${cure}`]];
}

function openText(one: ListenAddress): string {
  return `"${addressText(one)}" is open to other machines without tls or token; set one of them, or insecure: true`;
}

function openUpstreams({ upstreams }: GatewayConfig): Fault[] {
  return Object.entries(upstreams).flatMap(([name, one]) => {
    // Without a certificate or token of ours the sidecar would have to take calls from anybody.
    const isKnown = one.tls?.cert !== undefined || one.token !== undefined;
    if (one.insecure || isKnown) return [];
    return one.addresses.flatMap((to, i) => {
      if (isLocalAddress(to)) return [];
      const text = `"${addressText(to)}" is reached without mutual TLS or token; set tls with cert and key, or token, or insecure: true`;
      return [[["upstreams", name, "addresses", i], text] as const];
    });
  });
}
