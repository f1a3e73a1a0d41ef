import type { ConfigFault } from "@layotto/sidecar-kit/config";
import { isHostPort } from "./address.ts";
import { ConfigNode, type Findings } from "./config-node.ts";

/** Protocols of an InvokeService channel. */
export type ChannelProtocol = "http" | "grpc" | "bolt" | "boltv2" | "dubbo";

/** How InvokeService calls. */
export interface ChannelConfig {
  readonly protocol: ChannelProtocol;
  /** Name of a listener of the mesh, whose router and limits then hold, or `host:port` that is called as it is. */
  readonly listener: string;
  /** Connections to it at once; 0: no limit of the channel's own. @default 0 */
  readonly size: number;
  /** Class of the request; only bolt needs it. */
  readonly class?: string | undefined;
}

/** A change that is made to calls before or after. */
export interface InvokeFilter {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** The section `rpcs`, read and completed. */
export interface RpcsConfig {
  readonly channel: ChannelConfig;
  readonly beforeInvoke: readonly InvokeFilter[];
  readonly afterInvoke: readonly InvokeFilter[];
  /** Layotto's flat error codes instead of the finer ones. @default false */
  readonly flatErrors: boolean;
  /** For calls that set none, ms. @default 3000 */
  readonly timeoutMs: number;
}

/** What {@link readRpcs} finds. */
export interface ReadRpcs {
  /** Undefined when there are faults, or the section is not there. */
  readonly config: RpcsConfig | undefined;
  readonly faults: ConfigFault[];
  readonly warnings: ConfigFault[];
}

const protocols = { http: "http", grpc: "grpc", bolt: "bolt", boltv2: "boltv2", dubbo: "dubbo" } as const; // prettier-ignore

/**
 * Reads the section `rpcs` (`rpcs.mosn.config` as Layotto has it).
 *
 * @param listeners names of the listeners of the mesh
 */
export function readRpcs(section: unknown, listeners: readonly string[]): ReadRpcs {
  const found: Findings = { faults: [], warnings: [] };
  if (section === undefined || section === null) return { config: undefined, ...found };
  const rpcs = new ConfigNode({ rpcs: section }, [], found).child("rpcs");
  const invoker = rpcs?.child("mosn");
  if (rpcs !== undefined && !rpcs.has("mosn")) rpcs.fault("mosn", "is missing");
  const node = invoker?.child("config");
  if (invoker !== undefined && !invoker.has("config")) invoker.fault("config", "is missing");
  const config = node === undefined ? undefined : readInvoker(node, listeners);
  return { config: found.faults.length > 0 ? undefined : config, ...found };
}

function readInvoker(node: ConfigNode, listeners: readonly string[]): RpcsConfig {
  const [first, second] = node.children("channel");
  if (first === undefined) node.fault("channel", "is missing");
  second?.warn(undefined, "is ignored: only the first channel is used");
  const codes = { layotto: true, fine: false };
  return {
    channel: readChannel(first ?? node, listeners, first !== undefined),
    beforeInvoke: readFilters(node, "before_invoke", ["dubbo_json_rpc"]),
    afterInvoke: readFilters(node, "after_invoke", []),
    flatErrors: node.meaning<boolean>("error_codes", codes) ?? false,
    timeoutMs: node.duration("timeout") ?? 3000,
  };
}

function readChannel(
  node: ConfigNode,
  listeners: readonly string[],
  isThere: boolean,
): ChannelConfig {
  if (!isThere) return { protocol: "http", listener: "", size: 0 };
  if (!node.has("protocol")) node.fault("protocol", "is missing");
  const protocol = node.meaning<ChannelProtocol>("protocol", protocols) ?? "http";
  const listener = node.need("listener");
  if (listener !== "" && !listeners.includes(listener) && !isHostPort(listener)) {
    const known = listeners.length === 0 ? "there is none" : `there are ${listeners.join(", ")}`;
    node.fault(
      "listener",
      `"${listener}" is neither host:port nor a listener of the mesh: ${known}`,
    );
  }
  const ext = node.child("ext");
  const requestClass = ext?.text("class");
  if (protocol.startsWith("bolt") && requestClass === undefined) {
    (ext ?? node).fault(ext === undefined ? "ext" : "class", "is missing: bolt needs ext.class, the class of the request"); // prettier-ignore
  }
  return { protocol, listener, size: node.integer("size") ?? 0, class: requestClass };
}

/** A filter that is not there would change what calls mean: it is a fault, where Layotto skips it. */
function readFilters(node: ConfigNode, key: string, known: readonly string[]): InvokeFilter[] {
  return node.children(key).map((each) => {
    const name = each.need("name");
    if (name !== "" && !known.includes(name)) {
      const there = known.length === 0 ? "there is none" : `there is ${known.join(", ")}`;
      each.fault("name", `unknown filter "${name}": ${there}`);
    }
    const config = each.child("config");
    const entries = (config?.keys() ?? []).map((at) => [at, config?.raw(at)] as const);
    return { name, config: Object.fromEntries(entries) };
  });
}
