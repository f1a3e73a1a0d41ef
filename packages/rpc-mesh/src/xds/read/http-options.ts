import type { Cluster } from "@layotto/proto/envoy/config/cluster/v3/cluster";
import {
  type HttpProtocolOptions,
  HttpProtocolOptionsSchema,
} from "@layotto/proto/envoy/extensions/upstreams/http/v3/http_protocol_options";
import type { Protocol } from "../../model/host.ts";
import { ResourceFault } from "../resource.ts";
import { unpack } from "./extension.ts";
import { millis } from "./values.ts";

/** What a cluster says of HTTP. */
export interface HttpOptions {
  /** undefined: that of the caller. */
  readonly protocol: Protocol | undefined;
  readonly idleTimeoutMs: number | undefined;
  readonly maxRequestsPerConnection: number;
}

const key = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** Reads `typed_extension_protocol_options`, or the older fields of the cluster itself. @throws ResourceFault */
export function readHttpOptions(cluster: Cluster): HttpOptions {
  const any = cluster.typedExtensionProtocolOptions[key];
  const options = any === undefined ? undefined : unpack(any, HttpProtocolOptionsSchema);
  const common = options?.commonHttpProtocolOptions ?? cluster.commonHttpProtocolOptions;
  const older = cluster.http2ProtocolOptions === undefined ? undefined : "http2";
  return {
    protocol: options === undefined ? older : protocolOf(options),
    idleTimeoutMs: millis(common?.idleTimeout),
    maxRequestsPerConnection:
      common?.maxRequestsPerConnection ?? cluster.maxRequestsPerConnection ?? 0,
  };
}

function protocolOf({ upstreamProtocolOptions: options }: HttpProtocolOptions) {
  if (options.case !== "explicitHttpConfig") return undefined;
  const { protocolConfig } = options.value;
  if (protocolConfig.case === "http3ProtocolOptions") {
    throw new ResourceFault("HTTP/3 is not supported: use http2_protocol_options");
  }
  return protocolConfig.case === "http2ProtocolOptions" ? "http2" : "http1";
}
