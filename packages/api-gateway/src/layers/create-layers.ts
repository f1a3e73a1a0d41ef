import type { Logger } from "@layotto/sidecar-kit";
import { accessLogLayer } from "./access-log.ts";
import type { Layer } from "./layer.ts";
import { Layers } from "./layers.ts";
import { metricsLayer } from "./metrics.ts";
import { sidecarTokenLayer } from "./sidecar-token.ts";
import { tokenLayer } from "./token.ts";

/** What decides which layers are on. */
export interface LayersOptions {
  /** Which listeners the layers are for; callers on the internal socket need no token. */
  readonly listener: "public" | "internal";
  /** One line per call. */
  readonly accessLog: boolean;
  /** Counters per method. */
  readonly metrics: boolean;
  /** What callers must send; undefined = nothing. */
  readonly token: string | undefined;
  /** Whether some sidecar wants a token of the gateway: then callers cannot send one in its place. */
  readonly sidecarTokens: boolean;
  /** Limits by flow rules; they are meant for the app and never lock a sidecar out. */
  readonly flow?: Layer | undefined;
  readonly logger: Logger;
}

/**
 * THE LIST of layers, in order, outermost first. Metadata, `traceparent` too, is passed on by forwarding itself, so
 * tracing needs no layer until spans are made here.
 */
export function createLayers(options: LayersOptions): Layers {
  const { listener, accessLog, metrics, token, sidecarTokens, flow, logger } = options;
  const list: readonly (Layer | undefined)[] = [
    accessLog ? accessLogLayer(logger, listener) : undefined,
    metrics ? metricsLayer : undefined,
    token !== undefined && listener === "public" ? tokenLayer(token) : undefined,
    sidecarTokens ? sidecarTokenLayer : undefined,
    listener === "public" ? flow : undefined,
  ];
  return new Layers(list.filter((layer) => layer !== undefined));
}
