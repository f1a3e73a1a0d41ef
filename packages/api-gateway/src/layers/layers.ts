import type { MethodMetrics, RpcError } from "@layotto/sidecar-kit";
import type { Layer, LayeredCall } from "./layer.ts";

/** The layers of a listener, in order. */
export class Layers {
  /** All layers that are on. */
  readonly list: readonly Layer[];
  /** Request headers that must not reach a sidecar, in lower case. */
  readonly stripped: ReadonlySet<string>;
  readonly #atCall: readonly Layer[];
  readonly #atDoor: readonly Layer[];
  readonly #atEnd: readonly Layer[];

  constructor(list: readonly Layer[]) {
    this.list = list;
    this.stripped = new Set(list.flatMap((layer) => layer.strips ?? []));
    this.#atCall = list.filter((layer) => layer.onCall !== undefined);
    this.#atDoor = list.filter((layer) => layer.admit !== undefined);
    this.#atEnd = list.filter((layer) => layer.onEnd !== undefined);
  }

  /**
   * Tells the layers that a call has begun, and asks them whether it may go on.
   * Whoever calls this must call {@link onEnd} exactly once for the same call, also after a rejection.
   *
   * @returns the error that ends the call
   */
  onCall(call: LayeredCall): RpcError | undefined {
    for (const layer of this.#atCall) layer.onCall?.(call);
    for (const layer of this.#atDoor) {
      const rejection = layer.admit?.(call);
      if (rejection !== undefined) return rejection;
    }
    return undefined;
  }

  /** Tells the layers that a call that waited has got its route. */
  onRoute(call: LayeredCall, before: MethodMetrics): void {
    for (const layer of this.list) layer.onRoute?.(call, before);
  }

  /**
   * Tells the layers that a call has ended.
   *
   * @param code gRPC status code that the caller got
   * @param bytesIn request message bytes, framing included
   * @param bytesOut response message bytes, framing included
   */
  onEnd(call: LayeredCall, code: number, bytesIn: number, bytesOut: number): void {
    for (const layer of this.#atEnd) layer.onEnd?.(call, code, bytesIn, bytesOut);
  }
}
