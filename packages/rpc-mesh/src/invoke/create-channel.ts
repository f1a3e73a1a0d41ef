import type { RpcsConfig } from "../config/read-rpcs.ts";
import { errors } from "../errors.ts";
import type { Listeners } from "../listener/listeners.ts";
import type { Mesh } from "../mesh.ts";
import type { Protocol } from "../model/host.ts";
import { BoltChannel } from "./bolt-channel.ts";
import type { Channel, ChannelOptions, ChannelRoute } from "./channel.ts";
import { DubboChannel } from "./dubbo-channel.ts";
import { GrpcChannel } from "./grpc-channel.ts";
import { HttpChannel } from "./http-channel.ts";

/** Answers of services are limited as messages between sidecars are, bytes. */
const MAX_REPLY_BYTES = 4_194_304;

const protocols: Readonly<Record<RpcsConfig["channel"]["protocol"], Protocol>> = {
  http: "http1",
  grpc: "http2",
  bolt: "bolt",
  boltv2: "boltv2",
  dubbo: "dubbo",
};

/** The channel that the section `rpcs` asks for. */
export function createChannel(rpcs: RpcsConfig, mesh: Mesh, listeners: Listeners): Channel {
  const { protocol, listener, size } = rpcs.channel;
  const upstream = protocols[protocol];
  const route = (target: string | undefined): ChannelRoute => {
    if (target !== undefined) return { router: undefined, cluster: mesh.direct(target, upstream) };
    const scope = listeners.scope(listener);
    if (scope !== undefined) {
      return {
        router: scope.router,
        cluster: undefined,
        flow: scope.flow,
        fault: scope.config.fault,
        hooks: scope.functions?.hooks,
        log: scope.log,
      };
    }
    if (!listener.includes(":")) throw errors.LISTENER_MISSING(listener);
    return { router: undefined, cluster: mesh.direct(listener, upstream, size) };
  };
  const options: ChannelOptions = {
    mesh,
    route,
    flatErrors: rpcs.flatErrors,
    maxReplyBytes: MAX_REPLY_BYTES,
    requestClass: rpcs.channel.class ?? "",
    version: protocol === "boltv2" ? "boltv2" : "bolt",
  };
  switch (protocol) {
    case "http":
      return new HttpChannel(options);
    case "grpc":
      return new GrpcChannel(options);
    case "bolt":
    case "boltv2":
      return new BoltChannel(options);
    case "dubbo":
      return new DubboChannel(options);
  }
}
