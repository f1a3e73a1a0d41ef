import type { FaultConfig } from "../model/route.ts";
import type { ConfigNode } from "./config-node.ts";
import { readFields } from "./read-match.ts";

/** Reads a `fault` filter; undefined when it does nothing. */
export function readFault(node: ConfigNode | undefined): FaultConfig | undefined {
  if (node === undefined) return undefined;
  const [delay, abort] = [node.child("delay"), node.child("abort")];
  if (delay === undefined && abort === undefined) return undefined;
  return {
    delay:
      delay === undefined
        ? undefined
        : { percent: percentOf(delay), ms: delay.duration("fixed_delay") ?? 0 },
    abort:
      abort === undefined
        ? undefined
        : {
            percent: percentOf(abort),
            status: abort.integer("status", { min: 200, max: 599 }) ?? 503,
          },
    headers: readFields(node.children("headers")),
    cluster: node.text("upstream_cluster"),
  };
}

function percentOf(node: ConfigNode): number {
  return node.number("percentage", { max: 100 }) ?? 0;
}
