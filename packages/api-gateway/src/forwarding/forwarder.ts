import type { ForwardLimits, Head, Http2Stream, StreamRouter } from "@layotto/grpc-transport";
import type { Layers } from "../layers/layers.ts";
import { HookedCall, type HookSettings } from "../hooks/hooked-call.ts";
import type { RouteView } from "../routing/routes.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { GatewayCall } from "./gateway-call.ts";

/** What forwarding needs to know. */
export interface ForwarderSettings extends ForwardLimits {
  readonly routes: RouteView<Upstream>;
  readonly layers: Layers;
  /** How long a call waits for an upstream that cannot be reached, ms. */
  readonly upstreamWaitMs: number;
  /** What hooks need; undefined: there are none. */
  readonly hooks?: HookSettings | undefined;
}

/** Takes every stream of a listener and passes it on to the upstream that serves its method. */
export class Forwarder implements StreamRouter {
  private readonly settings: ForwarderSettings;

  constructor(settings: ForwarderSettings) {
    this.settings = settings;
  }

  onStream(stream: Http2Stream, head: Head, endStream: boolean): void {
    const { routes, layers, hooks } = this.settings;
    const route = routes.lookup(head.path);
    const call =
      route.kind === "hooked" && hooks !== undefined
        ? new HookedCall(stream, head, endStream, route, this.settings, hooks)
        : new GatewayCall(stream, head, endStream, route, this.settings);
    stream.sink = call;
    const rejection = layers.onCall(call);
    if (rejection !== undefined) call.refuse(rejection);
    else if (call.waitMs > 0) call.followLater(call.waitMs);
    else call.follow(route);
  }
}
