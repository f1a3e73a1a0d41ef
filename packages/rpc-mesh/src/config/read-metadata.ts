import type { ConfigNode } from "./config-node.ts";

/** Metadata for subsets: `{ version: v2 }`, or as MOSN nests it, `{ filter_metadata: { "mosn.lb": { version: v2 } } }`. */
export function readMetadata(
  node: ConfigNode,
  key: string,
): Readonly<Record<string, string>> | undefined {
  const nested = node.child(key)?.child("filter_metadata");
  const labels = nested === undefined ? node.labels(key) : nested.labels("mosn.lb");
  return labels === undefined || Object.keys(labels).length === 0 ? undefined : labels;
}
