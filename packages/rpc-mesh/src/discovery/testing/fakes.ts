import { testContext, type TestContext } from "@layotto/sidecar-kit/testing";
import type { MeshClock } from "../../clock.ts";
import type { HostsListener, Instance, Registry, ServiceQuery } from "../../component.ts";
import type { ClusterConfig, HostSource } from "../../model/cluster.ts";
import type { HostConfig } from "../../model/host.ts";
import type { FedCluster, Registries } from "../feed.ts";

/** A fake clock as the mesh wants it. */
export function fakeMeshClock(context: TestContext): MeshClock {
  return {
    now: context.clock.now,
    after: context.clock.after,
    monotonic: () => context.clock.now(),
  };
}

/** A cluster that keeps what it is given. */
export interface RecordedCluster extends FedCluster {
  readonly calls: (readonly HostConfig[])[];
  /** Addresses of the last call. */
  readonly addresses: string[] | undefined;
}

/** Creates a {@link RecordedCluster}. */
export function recordedCluster(source: HostSource, keepOnEmpty = true): RecordedCluster {
  const calls: (readonly HostConfig[])[] = [];
  // Discovery reads no more of the configuration than this.
  const config = { name: "orders", source, keepOnEmpty } as ClusterConfig;
  return {
    name: "orders",
    config,
    calls,
    get addresses() {
      return calls.at(-1)?.map(({ address }) => address);
    },
    setHosts: (hosts) => calls.push(hosts),
  };
}

/** A registry that a test drives. */
export class FakeRegistry implements Registry {
  readonly watches = new Map<HostsListener, ServiceQuery>();
  readonly registered: Instance[] = [];
  readonly deregistered: Instance[] = [];
  /** Thrown by the next calls of `register`. */
  readonly failures: Error[] = [];

  watch(query: ServiceQuery, listener: HostsListener): () => void {
    this.watches.set(listener, query);
    return () => this.watches.delete(listener);
  }

  report(...addresses: string[]): void {
    for (const listener of this.watches.keys()) listener(addresses.map((address) => ({ address })));
  }

  async register(instance: Instance): Promise<() => Promise<void>> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.registered.push(instance);
    return async () => void this.deregistered.push(instance);
  }

  async close(): Promise<void> {}
}

/** A section `registries` with one component that opens when the test says so. */
export function fakeRegistries(registry: Registry, isOpen = true): Registries & { open(): void } {
  const listeners = new Set<() => void>();
  let open = isOpen;
  return {
    find: (name) => (open && name === "main" ? registry : undefined),
    has: (name) => name === "main",
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    open: () => {
      open = true;
      for (const listener of [...listeners]) listener();
    },
  };
}

/** What was logged from a level on: level and text. */
export function logged(context: TestContext, ...levels: string[]): unknown[] {
  context.logger.flush();
  return context.lines
    .filter(({ level }) => levels.includes(String(level)))
    .map(({ level, msg }) => `${String(level)}: ${String(msg)}`);
}

export { testContext };
