import type { Any } from "@bufbuild/protobuf/wkt";
import { FilterConfigSchema } from "@layotto/proto/envoy/config/route/v3/route";
import {
  type HTTPFault,
  HTTPFaultSchema,
} from "@layotto/proto/envoy/extensions/filters/http/fault/v3/fault";
import type { FaultConfig } from "../../model/route.ts";
import type { ReadContext } from "../resource.ts";
import { decode, typeOf, unpack } from "./extension.ts";
import { readHeader } from "./match.ts";
import { millis, percent } from "./values.ts";

/** Name of the filter in `typed_per_filter_config`. */
const filterName = "envoy.filters.http.fault";

/** HTTP statuses of gRPC codes. */
const httpOfGrpc: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];

/**
 * The faults of a route, from its own settings or else those above it.
 *
 * @param levels `typed_per_filter_config` of route, virtual host, route configuration
 * @returns undefined: whatever the listener says
 * @throws ResourceFault
 */
export function readRouteFault(
  levels: readonly Readonly<Record<string, Any>>[],
  context: ReadContext,
): FaultConfig | undefined {
  const any = levels.find((level) => level[filterName] !== undefined)?.[filterName];
  if (any === undefined) return undefined;
  if (typeOf(any) !== FilterConfigSchema.typeName) return readFault(any, context);
  const { config, disabled } = decode(FilterConfigSchema, any.value);
  if (disabled) return { headers: [] };
  return config === undefined ? undefined : readFault(config, context);
}

/** Reads an `HTTPFault`. @throws ResourceFault */
export function readFault(any: Any, { warn }: ReadContext): FaultConfig {
  const fault = unpack(any, HTTPFaultSchema);
  return {
    delay: delayOf(fault, warn),
    abort: abortOf(fault, warn),
    headers: fault.headers.map(readHeader),
    cluster: fault.upstreamCluster === "" ? undefined : fault.upstreamCluster,
  };
}

function delayOf({ delay }: HTTPFault, warn: ReadContext["warn"]) {
  if (delay === undefined) return undefined;
  const { case: kind, value } = delay.faultDelaySecifier;
  if (kind !== "fixedDelay") {
    warn("a delay set by a header is left out");
    return undefined;
  }
  const share = delay.percentage;
  return { percent: share === undefined ? 0 : percent(share), ms: millis(value) };
}

function abortOf({ abort }: HTTPFault, warn: ReadContext["warn"]) {
  if (abort === undefined) return undefined;
  const { case: kind, value } = abort.errorType;
  if (kind !== "httpStatus" && kind !== "grpcStatus") {
    warn("an abort set by a header is left out");
    return undefined;
  }
  const status = kind === "httpStatus" ? value : (httpOfGrpc[value] ?? 500);
  const share = abort.percentage;
  return { percent: share === undefined ? 0 : percent(share), status };
}
