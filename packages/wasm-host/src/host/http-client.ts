import type { BlockList, LookupFunction } from "node:net";
import type * as undiciModule from "undici";
import type { Agent, Dispatcher } from "undici";
import type { ListenAddress } from "@layotto/sidecar-kit/process";
import { addressText } from "@layotto/sidecar-kit/process";
import type { Destination } from "./destinations.ts";
import { publicLookup, type Resolve } from "./public-lookup.ts";

/** Connections to one server. */
const CONNECTIONS = 64;
/** Servers that are connected to at once. */
const ORIGINS = 1024;
const CONNECT_TIMEOUT_MS = 5000;
/** Header lines of an answer, octets. */
const MAX_HEADER_BYTES = 64 * 1024;

const limits = {
  connections: CONNECTIONS,
  maxOrigins: ORIGINS,
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: 0,
  bodyTimeout: 0,
};

type Undici = typeof undiciModule;

/** How HTTP call-outs get to their servers: without redirects, by public addresses unless the configuration says more. */
export class HttpClient {
  readonly #lookup: LookupFunction;
  readonly #upstreams = new Map<string, Agent>();
  #public: Agent | undefined;

  /** @param privateNetworks networks that names may resolve to though they are private */
  constructor(privateNetworks: BlockList, resolve?: Resolve) {
    this.#lookup = publicLookup(privateNetworks, resolve);
  }

  /** Who sends a request there, and the origin to ask for. */
  async route(
    destination: Destination,
    tls: boolean,
  ): Promise<{ dispatcher: Dispatcher; origin: string }> {
    // Most hosts never need the client: it is loaded with the first call-out.
    const undici = await import("undici");
    const scheme = tls ? "https" : "http";
    if (destination.kind === "host") {
      const { host, port } = destination;
      const address = host.includes(":") ? `[${host}]` : host;
      return {
        dispatcher: (this.#public ??= agentOf(undici, { lookup: this.#lookup })),
        origin: `${scheme}://${address}${port === undefined ? "" : `:${port}`}`,
      };
    }
    const { address, name } = destination;
    const authority = "path" in address ? "localhost" : addressText(address);
    return {
      dispatcher: this.#upstream(undici, name, address),
      origin: `${scheme}://${authority}`,
    };
  }

  async close(): Promise<void> {
    const agents = [this.#public, ...this.#upstreams.values()].filter((each) => each !== undefined);
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  #upstream(undici: Undici, name: string, address: ListenAddress): Agent {
    const found = this.#upstreams.get(name);
    if (found !== undefined) return found;
    const agent = agentOf(undici, "path" in address ? { socketPath: address.path } : {});
    this.#upstreams.set(name, agent);
    return agent;
  }
}

function agentOf(
  { Agent: Made }: Undici,
  connect: { readonly lookup?: LookupFunction; readonly socketPath?: string },
): Agent {
  return new Made({ ...limits, connect: { timeout: CONNECT_TIMEOUT_MS, ...connect } });
}
