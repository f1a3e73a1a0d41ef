import { type JsonObject, create } from "@bufbuild/protobuf";
import { type Node, NodeSchema } from "@layotto/proto/envoy/config/core/v3/core";
import type { XdsConfig } from "../model/mesh.ts";

/** INVALID_ARGUMENT. */
export const statusCodeOfNack = 3;

/** Who the mesh says it is. */
export function nodeOf({ node }: XdsConfig): Node {
  return create(NodeSchema, {
    id: node.id,
    cluster: node.cluster,
    userAgentName: "layotto-rpc-mesh",
    metadata: JSON.parse(JSON.stringify(node.metadata)) as JsonObject, // what JSON has made is JSON
    ...(node.zone === undefined ? {} : { locality: { zone: node.zone } }),
  });
}
