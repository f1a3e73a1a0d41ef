import type { GrpcClient } from "@layotto/grpc-transport";
import type { Route, SharedRoute } from "../routing/route.ts";
import type { RouteView } from "../routing/routes.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { WaitOptions } from "../waiters.ts";

/** `:path` of the method that functions run behind. */
export const processPath = "/sidecar.v1.Extension/Process";

/** Finds the sidecar that runs a function. Several may, by a selector on the name of the function. */
export class ExtensionTarget {
  readonly #routes: () => RouteView<Upstream>;

  constructor(routes: () => RouteView<Upstream>) {
    this.#routes = routes;
  }

  /** The sidecar that serves the function, whatever its state. */
  upstream(name: string): Upstream | undefined {
    return this.#of(this.#routes().lookup(processPath), name);
  }

  /** A connection that takes a call now. */
  client(name: string): GrpcClient | undefined {
    const client = this.upstream(name)?.pick(processPath)?.client;
    return client?.connection == null ? undefined : client;
  }

  /**
   * Waits for a sidecar that takes calls of the function.
   *
   * @returns undefined when no sidecar runs functions
   * @throws RpcError SIDECAR_UNAVAILABLE when the time is over
   * @throws the signal's reason when it aborts
   */
  async wait(name: string, options: WaitOptions): Promise<GrpcClient | undefined> {
    const until = performance.now() + options.timeoutMs;
    const route = await this.#routes().resolve(processPath, options);
    const timeoutMs = until - performance.now();
    const upstream = this.#of(route, name);
    return (await upstream?.waitUntilReady(processPath, { ...options, timeoutMs }))?.client;
  }

  #of(route: Route<Upstream>, name: string): Upstream | undefined {
    if (route.kind === "forward") return route.upstream;
    return route.kind === "shared" ? owner(route, name) : undefined;
  }
}

function owner({ byValue, fallback }: SharedRoute<Upstream>, name: string): Upstream {
  return byValue.get(name) ?? fallback;
}
