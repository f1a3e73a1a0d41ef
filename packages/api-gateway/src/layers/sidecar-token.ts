import type { Layer } from "./layer.ts";

/** Metadata in which the gateway shows a sidecar on TCP that it may call; the sidecar's kit demands it. */
export const sidecarTokenHeader = "layotto-sidecar-token";

/** Takes the token away that a caller sends, so that only the gateway's own reaches a sidecar. */
export const sidecarTokenLayer: Layer = { name: "sidecar-token", strips: [sidecarTokenHeader] };
