import { isIP } from "node:net";
import type { OutlierConfig } from "../model/cluster.ts";
import type { IpAccessConfig, RawFlowRules } from "../model/listener.ts";
import type { FaultConfig } from "../model/route.ts";
import type { ConfigNode } from "./config-node.ts";
import { readFault } from "./read-fault.ts";
import { readFaultTolerance } from "./read-resilience.ts";

/** What the `stream_filters` of a listener ask for. */
export interface StreamFilters {
  fault?: FaultConfig | undefined;
  ipAccess?: IpAccessConfig | undefined;
  flow?: RawFlowRules | undefined;
  maxBodyBytes?: number | undefined;
  /** For the clusters that the listener leads to. */
  outlier?: OutlierConfig | undefined;
}

/** Filters whose work is always done. */
const builtIn = new Set(["grpc_metric", "dubbo_stream"]);

/** Reads `stream_filters`. */
export function readStreamFilters(nodes: readonly ConfigNode[]): StreamFilters {
  const found: StreamFilters = {};
  for (const node of nodes) {
    const config = node.child("config");
    node.unserved(["go_plugin_config"]);
    const type = node.need("type");
    if (config === undefined || !readFilter(type, config, found)) {
      if (!builtIn.has(type) && !known.has(type)) {
        node.warn("type", `stream filter "${type}" is not supported: it has no effect`);
      }
    }
  }
  return found;
}

const known = new Set(["fault", "payload_limit", "ip_access", "flowControlFilter", "fault_tolerance", "mirror"]); // prettier-ignore

function readFilter(type: string, config: ConfigNode, found: StreamFilters): boolean {
  switch (type) {
    case "fault":
      found.fault = readFault(config);
      return true;
    case "payload_limit":
      found.maxBodyBytes = config.integer("max_entity_size");
      config.unserved(["http_status"], "has no effect: the answer is 413");
      return true;
    case "ip_access":
      found.ipAccess = readIpAccess(config);
      return true;
    case "flowControlFilter":
      // Sentinel's rules are read by those who apply them.
      found.flow = Object.fromEntries(config.keys().map((key) => [key, config.raw(key)]));
      return true;
    case "fault_tolerance":
      found.outlier = readFaultTolerance(config);
      return true;
    case "mirror":
      readMirrorFilter(config);
      return true;
    default:
      return false;
  }
}

/** Mirroring needs no filter here; what the filter can say is said by the routes. */
function readMirrorFilter(config: ConfigNode): void {
  config.unserved(["broadcast"]);
  if ((config.number("amplification") ?? 1) > 1) {
    config.warn("amplification", "has no effect here: set it in request_mirror_policies of the routes"); // prettier-ignore
  }
}

function readIpAccess(node: ConfigNode): IpAccessConfig {
  const actions = { allow: "allow", deny: "deny" } as const;
  return {
    defaultAction: node.meaning<"allow" | "deny">("default_action", actions) ?? "allow",
    header: node.text("header")?.toLowerCase(),
    rules: node.children("ips").map((each) => {
      const ranges = each.texts("addrs");
      for (const range of ranges) {
        if (!isRange(range)) each.fault("addrs", `"${range}" must be an address or a range like 10.0.0.0/8`); // prettier-ignore
      }
      return { action: each.meaning<"allow" | "deny">("action", actions) ?? "deny", ranges };
    }),
  };
}

function isRange(text: string): boolean {
  const [address = "", bits, more] = text.split("/");
  const family = isIP(address);
  if (family === 0 || more !== undefined) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
  );
}
