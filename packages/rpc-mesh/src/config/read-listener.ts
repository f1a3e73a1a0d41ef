import { isLocalAddress, parseAddress } from "@layotto/sidecar-kit/process";
import type { Protocol } from "../model/host.ts";
import type { ListenerConfig, RawFlowRules } from "../model/listener.ts";
import { isListenAddress } from "./address.ts";
import type { ConfigNode } from "./config-node.ts";
import { defaultListenerLimits } from "./defaults.ts";
import { listenerProtocolNames, protocolNames } from "./names.ts";
import { type StreamFilters, readStreamFilters } from "./read-filters.ts";
import { readFunctions } from "./read-functions.ts";
import { readServerTls } from "./read-tls.ts";

/** A listener, and what its filters say about clusters. */
export interface ReadListener {
  readonly listener: ListenerConfig;
  readonly filters: StreamFilters;
  /** Routers of the filter `connection_manager`, as older MOSN files have them. */
  readonly routers: readonly ConfigNode[];
}

const unserved = ["use_original_dst", "listener_filters", "access_logs", "reuse_port", "default_read_buffer_size", "log_path", "log_level"] as const; // prettier-ignore

/** Default of the time that a call may take, ms: MOSN's. */
const defaultTimeoutMs = 60_000;

/** Reads one listener: MOSN's filter chain, or the same settings on the listener itself. */
export function readListener(node: ConfigNode): ReadListener {
  node.unserved(unserved);
  const [chain, second] = node.children("filter_chains");
  second?.warn(undefined, "is ignored: only the first filter chain is used");
  chain?.unserved(["match"]);
  const networkFilters = chain?.children("filters") ?? [];
  const proxy = networkFilters.find((each) => each.raw("type") === "proxy")?.child("config");
  warnFilters(networkFilters);
  const filters = readStreamFilters(node.children("stream_filters"));
  const protocols = readProtocols(node, proxy);
  const sub = proxy?.child("extend_config");
  const limits = defaultListenerLimits;
  const contexts = [node, ...(chain === undefined ? [] : [chain])].flatMap((each) => [
    ...each.children("tls_context_set"),
    ...each.children("tls_context"),
  ]);
  const address = readAddress(node);
  const listener: ListenerConfig = {
    name: node.need("name"),
    type: node.meaning<"ingress" | "egress">("type", { ingress: "ingress", egress: "egress" }) ?? "egress", // prettier-ignore
    address,
    ...protocols,
    ...readFunctions(node, protocols.protocol, address),
    router: readRouterName(node, proxy),
    tls: readServerTls(contexts, node.flag("inspector") ?? false),
    limits: {
      maxBodyBytes: node.integer("max_body_bytes") ?? filters.maxBodyBytes ?? limits.maxBodyBytes,
      maxConnections: node.integer("max_connections", { min: 1 }) ?? limits.maxConnections,
      idleTimeoutMs: node.duration("connection_idle_timeout") ?? limits.idleTimeoutMs,
    },
    fault: filters.fault,
    ipAccess: filters.ipAccess,
    flow: readFlowSettings(node) ?? filters.flow,
    timeoutMs: node.duration("timeout") ?? defaultTimeoutMs,
    boltGoaway: node.flag("enable_bolt_goaway") ?? sub?.flag("enable_bolt_goaway"),
    accessLog: node.flag("access_log"),
  };
  if (chain === undefined) refuseOpen(node, listener);
  const managers = networkFilters.filter((each) => each.raw("type") === "connection_manager");
  return { listener, filters, routers: managers.flatMap((each) => each.child("config") ?? []) };
}

/** The same as the filter `flowControlFilter` is configured with; whoever applies the rules reads them. */
function readFlowSettings(node: ConfigNode): RawFlowRules | undefined {
  const own = node.child("flow_control");
  return own && Object.fromEntries(own.keys().map((key) => [key, own.raw(key)]));
}

/**
 * Strangers on other machines get in only on purpose. Listeners in MOSN's shape are what their files say; when they open,
 * a warning says so.
 */
function refuseOpen(node: ConfigNode, { address, tls }: ListenerConfig): void {
  if (address === undefined || tls !== undefined || node.flag("insecure") === true) return;
  if (!isListenAddress(address) || isLocalAddress(parseAddress(address))) return;
  node.fault("address", "is open to other machines: set tls_context, or insecure: true");
}

function warnFilters(filters: readonly ConfigNode[]): void {
  for (const each of filters) {
    const type = each.need("type");
    each.unserved(["go_plugin_config"]);
    if (type === "proxy" || type === "connection_manager" || type === "") continue;
    each.warn("type", `network filter "${type}" is not supported: it has no effect`);
  }
}

function readRouterName(node: ConfigNode, proxy: ConfigNode | undefined): string {
  const name = node.text("router") ?? proxy?.text("router_config_name");
  if (name === undefined) {
    (proxy ?? node).fault(proxy === undefined ? "router" : "router_config_name", "is missing");
  }
  return name ?? "";
}

/** `bind_port: false` makes a listener that only InvokeService comes through. */
function readAddress(node: ConfigNode): string | undefined {
  const address = node.text("address");
  const network = node.meaning<string>("network", { tcp: "tcp", unix: "unix" }) ?? "tcp";
  if (address === undefined || node.flag("bind_port") === false) return undefined;
  const text = network === "unix" && !address.startsWith("unix:") ? `unix:${address}` : address;
  if (!isListenAddress(text)) node.fault("address", "must be host:port or unix:/path");
  return text;
}

function readProtocols(
  node: ConfigNode,
  proxy: ConfigNode | undefined,
): Pick<ListenerConfig, "protocol" | "upstreamProtocol"> {
  if (proxy === undefined) {
    return {
      protocol: node.meaning("protocol", listenerProtocolNames) ?? "auto",
      upstreamProtocol: node.meaning("upstream_protocol", protocolNames),
    };
  }
  const sub = proxy.child("extend_config");
  return {
    protocol: readProxyProtocol(proxy, "downstream_protocol", sub) ?? "auto",
    upstreamProtocol: readProxyProtocol(proxy, "upstream_protocol", sub),
  };
}

/** MOSN's `X` leaves the protocol to `extend_config.sub_protocol`, which may list several. */
function readProxyProtocol(
  proxy: ConfigNode,
  key: string,
  extended: ConfigNode | undefined,
): Protocol | undefined {
  const name = proxy.raw(key);
  if (name === undefined || name === "Auto" || name === "auto" || isList(name)) return undefined;
  if (name !== "X") return proxy.meaning(key, { ...protocolNames, X: "bolt" as const });
  const sub = extended?.raw("sub_protocol");
  if (sub === undefined || isList(sub)) return undefined;
  return extended?.meaning("sub_protocol", protocolNames);
}

function isList(value: unknown): boolean {
  return typeof value === "string" && value.includes(",");
}
