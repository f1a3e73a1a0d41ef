import type { BalancerPolicy } from "../model/cluster.ts";
import type { Protocol } from "../model/host.ts";

/** Values of `lb_type`: MOSN's names, and plain ones. */
export const balancerNames: Readonly<Record<string, BalancerPolicy>> = {
  LB_ROUNDROBIN: "round_robin",
  LB_RANDOM: "random",
  LB_WEIGHTED_ROUNDROBIN: "weighted_round_robin",
  LB_LEAST_REQUEST: "least_request",
  LB_LEAST_CONNECTION: "least_connection",
  LB_PEAK_EWMA: "peak_ewma",
  LB_MAGLEV: "maglev",
  LB_RING_HASH: "ring_hash",
  LB_REQUEST_ROUNDROBIN: "request_round_robin",
  round_robin: "round_robin",
  random: "random",
  weighted_round_robin: "weighted_round_robin",
  least_request: "least_request",
  least_connection: "least_connection",
  peak_ewma: "peak_ewma",
  maglev: "maglev",
  ring_hash: "ring_hash",
  request_round_robin: "request_round_robin",
};

/** Names of protocols: ours, and MOSN's (`X` says it in `extend_config.sub_protocol`). */
export const protocolNames: Readonly<Record<string, Protocol>> = {
  http1: "http1",
  http2: "http2",
  grpc: "http2",
  bolt: "bolt",
  boltv2: "boltv2",
  dubbo: "dubbo",
  Http1: "http1",
  Http2: "http2",
  SofaRpc: "bolt",
};

/** Protocols of callers: as above, or told apart by their first bytes. */
export const listenerProtocolNames: Readonly<Record<string, Protocol | "auto">> = {
  ...protocolNames,
  auto: "auto",
  Auto: "auto",
};
