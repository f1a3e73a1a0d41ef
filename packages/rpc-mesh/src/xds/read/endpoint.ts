import { BinaryReader } from "@bufbuild/protobuf/wire";
import { HealthStatus } from "@layotto/proto/envoy/config/endpoint/v3/endpoint";
import { ResourceFault } from "../resource.ts";
import type { LabelReader } from "./labels-on-wire.ts";
import type { HostDraft } from "./weights.ts";
import { readWrapped } from "./wire.ts";

/** What hosts of one place have in common. */
export interface Place {
  readonly zone: string;
  readonly priority: number;
  readonly labels: LabelReader;
}

/** Reads a `LbEndpoint`. @throws ResourceFault */
export function readLbEndpoint(bytes: Uint8Array, { zone, priority, labels }: Place): HostDraft {
  const reader = new BinaryReader(bytes);
  const host: HostDraft = {
    address: "",
    hostname: undefined,
    weight: undefined,
    zone: zone === "" ? undefined : zone,
    priority: priority === 0 ? undefined : priority,
    metadata: undefined,
    healthy: undefined,
  };
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) readEndpoint(reader, host);
    else if (field === 2) host.healthy = isHealthy(reader.uint32()) ? undefined : false;
    else if (field === 3) host.metadata = labels.read(reader);
    else if (field === 4) host.weight = readWrapped(reader);
    else reader.skip(wireType, field);
  }
  if (host.address === "") throw new ResourceFault("an endpoint must have a socket_address");
  return host;
}

/** A degraded host still serves. */
function isHealthy(status: number): boolean {
  return (
    status === HealthStatus.UNKNOWN ||
    status === HealthStatus.HEALTHY ||
    status === HealthStatus.DEGRADED
  );
}

function readEndpoint(reader: BinaryReader, host: HostDraft): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (field === 1) host.address = readAddress(reader);
    else if (field === 3) host.hostname = reader.string();
    else reader.skip(wireType, field);
  }
  if (host.hostname === "") host.hostname = undefined;
}

function readAddress(reader: BinaryReader): string {
  const end = reader.uint32() + reader.pos;
  let address = "";
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (field === 1) address = readSocketAddress(reader);
    else reader.skip(wireType, field);
  }
  if (address === "") throw new ResourceFault("an endpoint must have a socket_address");
  return address;
}

function readSocketAddress(reader: BinaryReader): string {
  const end = reader.uint32() + reader.pos;
  let [host, port] = ["", 0];
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (field === 2) host = reader.string();
    else if (field === 3) port = reader.uint32();
    else reader.skip(wireType, field);
  }
  return hostAndPort(host, port);
}

/** `host:port` or `[v6]:port`. @throws ResourceFault */
export function hostAndPort(host: string, port: number): string {
  if (host === "") throw new ResourceFault("a socket_address must have an address");
  if (port < 1 || port > 65_535) {
    throw new ResourceFault(`the port of "${host}" must be 1 to 65535: it is ${port}`);
  }
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
