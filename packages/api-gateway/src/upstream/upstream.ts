import { HeaderField, Metadata } from "@layotto/grpc-transport";
import type { Description } from "@layotto/proto/sidecar/v1/sidecar";
import { errors } from "../errors.ts";
import type { MethodClaim, RouteTarget } from "../routing/route.ts";
import { Waiters, type WaitOptions } from "../waiters.ts";
import { mergeClaims, sameClaims } from "./claims.ts";
import { Replica, type UpstreamState } from "./replica.ts";
import type { SidecarConnection } from "./sidecar-connection.ts";

/** Best first: the state of an upstream is that of its best replica. */
const stateOrder: readonly UpstreamState[] = [
  "ready",
  "described",
  "lost",
  "connecting",
  "refused",
];

const defaultMaxWaitingCalls = 8_192;

/** What an {@link Upstream} is made from. */
export interface UpstreamOptions {
  /** Name in the configuration. */
  readonly name: string;
  /** What it serves, for error messages. Default: what it says itself, until then its name. */
  readonly capability?: string;
  /** One per replica, e.g. `unix:/run/layotto/state.sock` or `10.0.0.7:34910`. */
  readonly addresses: readonly string[];
  /** Makes the connection to an address. */
  readonly connect: (address: string) => SidecarConnection;
  /** Metadata that every call to the sidecar must carry, e.g. its token. Default: none. */
  readonly headers?: readonly (readonly [string, string])[];
  /** Calls that may wait for it at once. Default: 8192. */
  readonly maxWaitingCalls?: number;
}

/** What a change of an upstream may mean to its owner. */
export interface UpstreamEvents {
  /** The methods differ from those reported before; also said once at the first description. */
  onMethods?(upstream: Upstream, methods: readonly MethodClaim[]): void;
  /** The state, or the reason of it, may have changed. */
  onState?(upstream: Upstream): void;
}

/** A sidecar as the gateway sees it: one name, one or several replicas of the same process. */
export class Upstream implements RouteTarget {
  readonly name: string;
  /** Fields that the forwarder adds to the request headers of every call. */
  readonly headerFields: readonly HeaderField[];
  /** The same for calls of the gateway's own; undefined: nothing. */
  readonly metadata: Metadata | undefined;
  readonly replicas: readonly Replica[];
  readonly #capability: string | undefined;
  readonly #maxWaitingCalls: number;
  readonly #waiters: Waiters;
  readonly #events: UpstreamEvents;
  #usable: readonly Replica[] = [];
  #candidates: readonly Replica[] = [];
  #isMixed = false;
  #claims: readonly MethodClaim[] | undefined;
  #lastState = "";
  #waits = 0;
  #failedWaits = 0;
  /** Calls sent again because a replica provably did not act on them. */
  replays = 0;

  constructor(options: UpstreamOptions, events: UpstreamEvents = {}) {
    this.name = options.name;
    this.headerFields = (options.headers ?? []).map(
      ([name, value]) => new HeaderField(name, value, true),
    );
    this.metadata = options.headers?.length ? Metadata.from(options.headers) : undefined;
    this.#capability = options.capability;
    this.#events = events;
    this.#maxWaitingCalls = options.maxWaitingCalls ?? defaultMaxWaitingCalls;
    this.#waiters = new Waiters(this.#maxWaitingCalls);
    this.replicas = options.addresses.map(
      (address) => new Replica(address, options.connect(address), () => this.#changed()),
    );
  }

  /** What it serves in the words of error messages. */
  get capability(): string {
    const said = this.replicas.find((replica) => replica.description !== undefined)?.description;
    // proto3 says "" for a field that was not set.
    return this.#capability ?? (said?.capability || this.name);
  }

  /** State of its best replica. */
  get state(): UpstreamState {
    return this.#best()?.state ?? "connecting";
  }

  /** Why it is not ready, naming the address when there are several; empty when it is ready. */
  get reason(): string {
    return this.#best()?.reason ?? "no address is configured";
  }

  /** The last description of its best replica, also when it is lost. */
  get description(): Description | undefined {
    return this.#best()?.description;
  }

  /** Calls that wait for it now. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Calls that had to wait for it so far, whatever became of them. */
  get waits(): number {
    return this.#waits;
  }

  /** Calls that waited for it in vain so far. */
  get failedWaits(): number {
    return this.#failedWaits;
  }

  /** Connects to all replicas. */
  start(): void {
    for (const replica of this.replicas) replica.start();
  }

  /**
   * A replica that can take a call now: the only one, or of two random ones that with fewer calls in flight.
   *
   * @param path method of the call; matters while replicas of two versions serve side by side
   */
  pick(path: string): Replica | undefined {
    const candidates = this.#isMixed ? this.#serving(path) : this.#candidates;
    if (candidates.length < 2) return candidates[0];
    const first = Math.floor(Math.random() * candidates.length);
    const step = 1 + Math.floor(Math.random() * (candidates.length - 1));
    const a = candidates[first];
    const b = candidates[(first + step) % candidates.length];
    if (a === undefined || b === undefined) return a ?? b;
    return b.outstanding < a.outstanding ? b : a;
  }

  /**
   * Waits for a replica that can take the call. Call it when {@link pick} gave nothing.
   *
   * @throws RpcError UNAVAILABLE with reason SIDECAR_UNAVAILABLE when the time is over, WAITING_LIMIT when too many wait
   * @throws the signal's reason when it aborts
   */
  async waitUntilReady(path: string, options: WaitOptions): Promise<Replica> {
    this.#waits += 1;
    try {
      return await this.#nextReady(path, options);
    } catch (error) {
      this.#failedWaits += 1;
      throw error;
    }
  }

  /** The error of a call that this upstream cannot take. */
  unavailable(): Error {
    return errors.SIDECAR_UNAVAILABLE(this.capability, this.reason || "it is restarting");
  }

  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()));
    this.#waiters.release();
  }

  async #nextReady(path: string, options: WaitOptions): Promise<Replica> {
    const until = Date.now() + options.timeoutMs;
    for (;;) {
      const replica = this.pick(path);
      if (replica !== undefined) return replica;
      if (this.#waiters.isFull) throw errors.WAITING_LIMIT(this.capability, this.#maxWaitingCalls);
      const released = await this.#waiters.wait({ ...options, timeoutMs: until - Date.now() });
      if (!released) throw this.unavailable();
    }
  }

  #best(): Replica | undefined {
    const rank = (replica: Replica): number => stateOrder.indexOf(replica.state);
    return this.replicas.toSorted((a, b) => rank(a) - rank(b))[0];
  }

  /** Two versions serve side by side: only some replicas have the method, if need be one that is not quite up. */
  #serving(path: string): readonly Replica[] {
    const best = this.#candidates.filter((replica) => replica.serves(path));
    return best.length > 0 ? best : this.#usable.filter((replica) => replica.serves(path));
  }

  #changed(): void {
    const usable = this.replicas.filter((replica) => replica.isUsable);
    const ready = usable.filter((replica) => replica.state === "ready");
    this.#usable = usable;
    this.#candidates = ready.length > 0 ? ready : usable;
    this.#isMixed = usable.some((replica) => !sameClaims(replica.claims, usable[0]?.claims ?? []));
    // With no replica left the routes stay as they are: calls to them wait.
    if (usable.length > 0) this.#report(mergeClaims(usable));
    this.#reportState();
    if (usable.length > 0) this.#waiters.release();
  }

  #report(claims: readonly MethodClaim[]): void {
    if (this.#claims !== undefined && sameClaims(this.#claims, claims)) return;
    this.#claims = claims;
    this.#events.onMethods?.(this, claims);
  }

  #reportState(): void {
    const state = `${this.state} ${this.reason}`;
    if (state === this.#lastState) return;
    this.#lastState = state;
    this.#events.onState?.(this);
  }
}
