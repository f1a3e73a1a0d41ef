import { type BlockList, connect, type Socket } from "node:net";
import { type ClientTarget, GrpcClient } from "@layotto/grpc-transport";
import type { Destination } from "./destinations.ts";
import { publicLookup, type Resolve } from "./public-lookup.ts";

/** Servers that are connected to at once. */
const MAX_CLIENTS = 256;
/** A connection without calls is closed after it, ms. */
const IDLE_MS = 60_000;
/** Port of hosts without one. */
const DEFAULT_PORT = 80;

interface Shared {
  readonly client: GrpcClient;
  /** Calls that use it. */
  users: number;
}

/** A client in use by one call. */
export interface LentClient {
  readonly client: GrpcClient;
  /** The call is over. */
  done(): void;
}

/** gRPC clients of call-outs, one per server. Without TLS; public addresses unless the configuration says more. */
export class GrpcClients {
  readonly #lookup: ReturnType<typeof publicLookup>;
  readonly #clients = new Map<string, Shared>();

  /** @param privateNetworks networks that names may resolve to though they are private */
  constructor(privateNetworks: BlockList, resolve?: Resolve) {
    this.#lookup = publicLookup(privateNetworks, resolve);
  }

  /** undefined: too many servers are in use. */
  lend(destination: Destination): LentClient | undefined {
    const key = keyOf(destination);
    const shared = this.#clients.get(key) ?? this.#create(key, destination);
    if (shared === undefined) return undefined;
    shared.users += 1;
    // The most recently used ones stay.
    this.#clients.delete(key);
    this.#clients.set(key, shared);
    let inUse = true;
    const done = (): void => {
      if (inUse) shared.users -= 1;
      inUse = false;
    };
    return { client: shared.client, done };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map(({ client }) => client.close()));
    this.#clients.clear();
  }

  #create(key: string, destination: Destination): Shared | undefined {
    if (this.#clients.size >= MAX_CLIENTS && !this.#dropUnused()) return undefined;
    const shared = {
      client: new GrpcClient(this.#target(destination), { maxIdleMs: IDLE_MS }),
      users: 0,
    };
    this.#clients.set(key, shared);
    return shared;
  }

  #dropUnused(): boolean {
    for (const [key, { client, users }] of this.#clients) {
      if (users > 0) continue;
      this.#clients.delete(key);
      void client.close();
      return true;
    }
    return false;
  }

  #target(destination: Destination): ClientTarget {
    if (destination.kind === "upstream") return destination.address;
    const { host, port = DEFAULT_PORT } = destination;
    return {
      name: `${host}:${port}`,
      connect: (): Socket => connect({ host, port, lookup: this.#lookup }),
    };
  }
}

function keyOf(destination: Destination): string {
  if (destination.kind === "upstream") return `upstream ${destination.name}`;
  return `${destination.host} ${destination.port ?? DEFAULT_PORT}`;
}
