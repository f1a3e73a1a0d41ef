import type { GrpcClient, MessageListener, MessageStream } from "@layotto/grpc-transport";
import { processPath } from "@layotto/sidecar-kit/extension";
import type { Route, SharedRoute } from "../routing/route.ts";
import type { RouteView } from "../routing/routes.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { WaitOptions } from "../waiters.ts";

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

  /** Opens the stream of a function on a connection that takes it now; undefined: there is none. */
  open(name: string, listener: MessageListener): MessageStream | undefined {
    const upstream = this.upstream(name);
    const client = upstream?.pick(processPath)?.client;
    return client?.connection == null ? undefined : openOn(client, upstream, listener);
  }

  /**
   * Opens it once there is a sidecar that takes calls of the function.
   *
   * @returns undefined when no sidecar runs functions
   * @throws RpcError SIDECAR_UNAVAILABLE when the time is over
   * @throws the signal's reason when it aborts
   */
  async openLater(
    name: string,
    listener: MessageListener,
    options: WaitOptions,
  ): Promise<MessageStream | undefined> {
    const until = performance.now() + options.timeoutMs;
    const upstream = this.#of(await this.#routes().resolve(processPath, options), name);
    const timeoutMs = until - performance.now();
    const replica = await upstream?.waitUntilReady(processPath, { ...options, timeoutMs });
    return replica && openOn(replica.client, upstream, listener);
  }

  #of(route: Route<Upstream>, name: string): Upstream | undefined {
    if (route.kind === "forward") return route.upstream;
    return route.kind === "shared" ? owner(route, name) : undefined;
  }
}

function openOn(
  client: GrpcClient,
  upstream: Upstream | undefined,
  listener: MessageListener,
): MessageStream {
  const metadata = upstream?.metadata;
  return client.messages(processPath, metadata === undefined ? {} : { metadata }, listener);
}

function owner({ byValue, fallback }: SharedRoute<Upstream>, name: string): Upstream {
  return byValue.get(name) ?? fallback;
}
