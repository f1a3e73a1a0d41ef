import { GrpcClient, internalLimits, type ClientTarget } from "@layotto/grpc-transport";
import { readPem, type ListenAddress } from "@layotto/sidecar-kit/process";
import type { UpstreamConfig } from "./settings.ts";
import { sidecarTokenHeader } from "./layers/sidecar-token.ts";
import { connectSidecar, type SidecarConnection } from "./upstream/sidecar-connection.ts";

/** On one machine a refused attempt costs next to nothing, and a sidecar that restarts must be found at once. */
const unixPace = { backoffMs: 20, maxBackoffMs: 100 };

/** Over TCP a peer may vanish without a word, and attempts are dear. */
const tcpPace = {
  backoffMs: 50,
  maxBackoffMs: 1_000,
  keepaliveMs: 10_000,
  keepaliveTimeoutMs: 5_000,
};

/** Most that one answer of a sidecar to the gateway itself may hold, in bytes: figures of many thousand hosts. */
const maxControlAnswerBytes = 67_108_864;

/** Metadata that the sidecar demands with every call. */
export function upstreamHeaders({ token }: UpstreamConfig): readonly (readonly [string, string])[] {
  return token === undefined ? [] : [[sidecarTokenHeader, token]];
}

/** The connection to one replica of a sidecar: made with the first call, and again whenever it is lost. */
export function connectReplica(
  name: string,
  address: ListenAddress,
  config: UpstreamConfig,
): SidecarConnection {
  const client = new GrpcClient(targetOf(name, address, config), {
    persistent: true,
    maxReceiveMessageBytes: maxControlAnswerBytes,
    limits: internalLimits,
    ...("port" in address ? tcpPace : unixPace),
  });
  return connectSidecar(client, { watcher: "gateway", headers: upstreamHeaders(config) });
}

function targetOf(name: string, address: ListenAddress, { tls }: UpstreamConfig): ClientTarget {
  if ("path" in address) return { path: address.path };
  const { host, port } = address;
  if (tls === undefined) return { host, port };
  const pem = (key: "ca" | "cert" | "key"): Record<string, Buffer> => {
    const path = tls[key];
    return path === undefined
      ? {}
      : { [key]: readPem(path, `gateway.upstreams.${name}.tls.${key}`) };
  };
  const serverName = tls.serverName === undefined ? {} : { serverName: tls.serverName };
  return { host, port, tls: { ...pem("ca"), ...pem("cert"), ...pem("key"), ...serverName } };
}
