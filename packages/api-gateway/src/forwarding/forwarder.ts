import type { ForwardLimits, Head, Http2Stream, StreamRouter } from "@layotto/grpc-transport";
import type { Layers } from "../layers/layers.ts";
import type { Routes } from "../routing/routes.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { GatewayCall } from "./gateway-call.ts";

/** What forwarding needs to know. */
export interface ForwarderSettings extends ForwardLimits {
  readonly routes: Routes<Upstream>;
  readonly layers: Layers;
  /** How long a call waits for an upstream that cannot be reached, ms. */
  readonly upstreamWaitMs: number;
}

/** Takes every stream of a listener and passes it on to the upstream that serves its method. */
export class Forwarder implements StreamRouter {
  private readonly settings: ForwarderSettings;

  constructor(settings: ForwarderSettings) {
    this.settings = settings;
  }

  onStream(stream: Http2Stream, head: Head, endStream: boolean): void {
    const { routes, layers } = this.settings;
    const route = routes.lookup(head.path);
    const call = new GatewayCall(stream, head, endStream, route, this.settings);
    stream.sink = call;
    const rejection = layers.onCall(call);
    if (rejection !== undefined) call.refuse(rejection);
    else if (call.waitMs > 0) call.followLater(call.waitMs);
    else call.follow(route);
  }
}
