import { createBoltServer } from "../bolt/bolt-proxy.ts";
import { createDubboServer } from "../dubbo/dubbo-proxy.ts";
import { Http1Server } from "../http1/http1-server.ts";
import { Http2Proxy } from "../http2/http2-proxy.ts";
import type { Protocol } from "../model/host.ts";
import type { ProtocolServer } from "./mesh-listener.ts";
import type { ListenerScope } from "./scope.ts";

/** The protocols that a listener can speak. Each serves its connections only. */
export function protocolServers(scope: ListenerScope): Readonly<Record<Protocol, ProtocolServer>> {
  return {
    http1: new Http1Server(scope),
    http2: new Http2Proxy(scope),
    bolt: createBoltServer(scope, "bolt"),
    boltv2: createBoltServer(scope, "boltv2"),
    dubbo: createDubboServer(scope),
  };
}
