import type { Protocol } from "../model/host.ts";
import type { FilterConfig, FunctionConfig, HookConfig } from "../model/listener.ts";
import type { ConfigNode } from "./config-node.ts";

/** Default of the time for a phase of a function, ms. */
const DEFAULT_TIMEOUT_MS = 100;
/** Longest time for a phase of a function, ms: the call waits meanwhile. */
const MAX_TIMEOUT_MS = 60_000;

const policies = { closed: "closed", open: "open" } as const;
const steps = { route: "route", host: "host" } as const;

/** Functions of a listener. */
export interface ReadFunctions {
  readonly filters: readonly FilterConfig[] | undefined;
  readonly hooks: readonly HookConfig[] | undefined;
}

/** Reads the functions that take part in the calls of a listener. */
export function readFunctions(node: ConfigNode, protocol: Protocol | "auto", address: string | undefined): ReadFunctions {
  const filters = node.children("filters").map((each) => ({ ...readFunction(each), body: each.flag("body") ?? false }));
  const hooks = node.children("hooks").map((each) => ({ ...readFunction(each), step: readStep(each) }));
  if (filters.length > 0) checkFilters(node, protocol, address);
  return {
    filters: filters.length === 0 ? undefined : filters,
    hooks: hooks.length === 0 ? undefined : hooks,
  };
} // prettier-ignore

/** A filter that saw a part of the calls only would be a hole in what it guards. */
function checkFilters(node: ConfigNode, protocol: Protocol | "auto", address: string | undefined): void {
  if (protocol !== "http1" && protocol !== "http2") {
    node.fault("filters", `work on HTTP only and this listener speaks ${protocol}: set protocol: http1 or http2, or use hooks`);
  } else if (address === undefined) {
    node.warn("filters", "have no effect: the listener has no address, and InvokeService does not go through filters; use hooks");
  }
  if (protocol !== "http2") return;
  for (const each of node.children("filters")) {
    if (each.flag("body") === true) each.fault("body", "works on HTTP/1.1 only and this listener speaks http2: leave it out");
  }
} // prettier-ignore

function readFunction(node: ConfigNode): FunctionConfig {
  const timeoutMs = node.duration("timeout") ?? DEFAULT_TIMEOUT_MS;
  if (timeoutMs <= 0 || timeoutMs > MAX_TIMEOUT_MS) {
    node.fault("timeout", `must be above 0 and at most ${MAX_TIMEOUT_MS / 1000}s`);
  }
  return {
    function: node.need("function"),
    timeoutMs,
    onFailure: node.meaning("on_failure", policies) ?? "closed",
  };
}

function readStep(node: ConfigNode): HookConfig["step"] {
  if (!node.has("step")) node.fault("step", "is missing: it must be route or host");
  return node.meaning("step", steps) ?? "route";
}
