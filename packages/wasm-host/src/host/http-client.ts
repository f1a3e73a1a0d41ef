import type { BlockList } from "node:net";
import { Agent, type Dispatcher } from "undici";
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

/** How HTTP call-outs get to their servers: without redirects, by public addresses unless the configuration says more. */
export class HttpClient {
  readonly #public: Agent;
  readonly #upstreams = new Map<string, Agent>();

  /** @param privateNetworks networks that names may resolve to though they are private */
  constructor(privateNetworks: BlockList, resolve?: Resolve) {
    const lookup = publicLookup(privateNetworks, resolve);
    this.#public = new Agent({ ...limits, connect: { timeout: CONNECT_TIMEOUT_MS, lookup } });
  }

  /** Who sends a request there, and the origin to ask for. */
  route(destination: Destination, tls: boolean): { dispatcher: Dispatcher; origin: string } {
    const scheme = tls ? "https" : "http";
    if (destination.kind === "host") {
      const { host, port } = destination;
      const address = host.includes(":") ? `[${host}]` : host;
      return {
        dispatcher: this.#public,
        origin: `${scheme}://${address}${port === undefined ? "" : `:${port}`}`,
      };
    }
    const { address, name } = destination;
    const authority = "path" in address ? "localhost" : addressText(address);
    return { dispatcher: this.#upstream(name, address), origin: `${scheme}://${authority}` };
  }

  async close(): Promise<void> {
    await Promise.all([this.#public, ...this.#upstreams.values()].map((agent) => agent.destroy()));
  }

  #upstream(name: string, address: ListenAddress): Agent {
    const found = this.#upstreams.get(name);
    if (found !== undefined) return found;
    const socket = "path" in address ? { socketPath: address.path } : {};
    const agent = new Agent({ ...limits, connect: { timeout: CONNECT_TIMEOUT_MS, ...socket } });
    this.#upstreams.set(name, agent);
    return agent;
  }
}
