import { setTimeout as delay } from "node:timers/promises";
import type { GrpcClient } from "@layotto/grpc-transport";
import { HealthStatus, type Description } from "@layotto/proto/sidecar/v1/sidecar";
import { descriptionClaims } from "./claims.ts";
import type { MethodClaim } from "../routing/route.ts";
import type { SidecarConnection } from "./sidecar-connection.ts";

/**
 * Where a replica, or an upstream, stands:
 * - `connecting`: it has never described itself;
 * - `described`: it is reachable and serves, but its components are not up; it answers calls itself;
 * - `ready`: it is reachable and its components are up;
 * - `lost`: it was described and cannot be reached now; its routes are kept;
 * - `refused`: it speaks a version of the contract that this gateway does not know.
 */
export type UpstreamState = "connecting" | "described" | "ready" | "lost" | "refused";

/** Major version of `sidecar.v1` that this gateway speaks. */
export const contractMajor = 1;

/** Waits between attempts to watch; the last one is repeated. Jitter takes off up to half. */
const backoffMs = [10, 50, 100, 250, 500, 1_000];

/** Grows with each description received in this process, so that the newest can be told. */
let received = 0;

/** One process behind an upstream: one address, one connection, one description. */
export class Replica {
  /** As configured, e.g. `unix:/run/layotto/state.sock`. */
  readonly address: string;
  readonly connection: SidecarConnection;
  /** Calls in flight; whoever forwards adds and takes off. */
  outstanding = 0;
  readonly #onChange: (replica: Replica) => void;
  readonly #stop = new AbortController();
  #description: Description | undefined;
  #claims: readonly MethodClaim[] = [];
  #paths: ReadonlySet<string> = new Set();
  #receivedAt = 0;
  #failure = "";
  #refusal = "";
  #descriptors:
    { generation: string; promise: ReturnType<SidecarConnection["descriptors"]> } | undefined;

  constructor(
    address: string,
    connection: SidecarConnection,
    onChange: (replica: Replica) => void,
  ) {
    this.address = address;
    this.connection = connection;
    this.#onChange = onChange;
  }

  /** What calls are forwarded on. */
  get client(): GrpcClient {
    return this.connection.client;
  }

  /** The last description, also when the replica is lost. */
  get description(): Description | undefined {
    return this.#description;
  }

  /** Methods of the last description. */
  get claims(): readonly MethodClaim[] {
    return this.#claims;
  }

  /** Order of the last description among all replicas; 0 when there was none. */
  get receivedAt(): number {
    return this.#receivedAt;
  }

  /** True when calls may be sent to it. */
  get isUsable(): boolean {
    return this.#description !== undefined && this.#refusal === "" && this.connection.isReady;
  }

  get state(): UpstreamState {
    if (this.#refusal !== "") return "refused";
    if (this.#description === undefined) return "connecting";
    if (!this.connection.isReady) return "lost";
    return this.#description.health?.status === HealthStatus.UP ? "ready" : "described";
  }

  /** Why the state is not `ready`; empty when it is. */
  get reason(): string {
    const { state } = this;
    if (state === "ready") return "";
    if (state === "refused") return this.#refusal;
    if (state === "described") return this.#description?.health?.reason ?? "";
    const why = this.connection.fault || this.#failure;
    return why === "" ? `no connection to ${this.address}` : why;
  }

  /** True when its last description has the method. */
  serves(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Connects, and keeps watching until {@link close}. */
  start(): void {
    this.connection.onState(() => this.#onChange(this));
    void this.#run();
  }

  /** Protobuf files of its services; asked once per generation. */
  descriptors(): ReturnType<SidecarConnection["descriptors"]> {
    const generation = this.#description?.generation ?? "";
    if (this.#descriptors?.generation !== generation) {
      const promise = this.connection.descriptors();
      promise.catch(() => (this.#descriptors = undefined));
      this.#descriptors = { generation, promise };
    }
    return this.#descriptors.promise;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.connection.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const before = this.#receivedAt;
      await this.#watchOnce(signal);
      if (signal.aborted) return;
      this.#onChange(this);
      if (this.#receivedAt !== before) attempt = 0;
      const wait = backoffMs[Math.min(attempt, backoffMs.length - 1)] ?? 1_000;
      await delay(wait * (1 - Math.random() / 2), undefined, { signal, ref: false }).catch(
        () => {},
      );
    }
  }

  async #watchOnce(signal: AbortSignal): Promise<void> {
    try {
      for await (const description of this.connection.watch(signal)) this.#receive(description);
      this.#failure = "the sidecar ended its description";
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }

  #receive(description: Description): void {
    received += 1;
    this.#receivedAt = received;
    this.#failure = "";
    this.#refusal = refusal(description);
    if (this.#refusal === "") {
      this.#description = description;
      this.#claims = descriptionClaims(description);
      this.#paths = new Set(this.#claims.map((claim) => claim.path));
    }
    this.#onChange(this);
  }
}

function refusal({ name, version, contractMajor: major }: Description): string {
  if (major === contractMajor) return "";
  return (
    `Cannot use sidecar "${name}" ${version}: it speaks contract sidecar.v${major}, this gateway sidecar.v${contractMajor}; ` +
    (major > contractMajor ? "upgrade the gateway first" : "upgrade the sidecar")
  );
}
