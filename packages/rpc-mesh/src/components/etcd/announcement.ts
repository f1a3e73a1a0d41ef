import { backoffMs, systemClock, type Timer } from "@layotto/sidecar-kit";
import { EtcdInvalidAuthTokenError, type Etcd3, type Lease } from "etcd3";
import type { Instance } from "../../component.ts";
import type { EtcdScene } from "./etcd.ts";

/** Pauses between attempts to announce again. */
const PAUSE = { initialMs: 100, maxMs: 3000 };

/** Keeps one instance announced: a key with a lease, both made anew when the lease is lost. */
export class Announcement {
  readonly #client: Etcd3;
  readonly #scene: EtcdScene;
  readonly #instance: Instance;
  #lease: Lease | undefined;
  #timer: Timer | undefined;
  #attempt = 0;
  #ended = false;

  constructor(client: Etcd3, scene: EtcdScene, instance: Instance) {
    this.#client = client;
    this.#scene = scene;
    this.#instance = instance;
  }

  /** Announces for the first time. Rejects when that fails. */
  async begin(): Promise<void> {
    const { layout, leaseSeconds } = this.#scene;
    const lease = this.#client.lease(leaseSeconds);
    try {
      await lease.put(layout.keyOf(this.#instance)).value(layout.valueOf(this.#instance)).exec();
    } catch (error) {
      lease.revoke().catch(() => {});
      throw error;
    }
    if (this.#ended) return lease.revoke();
    this.#lease = lease;
    lease.on("lost", () => this.#lost(lease));
    lease.on("keepaliveFailed", (error) => this.#refreshToken(error));
  }

  /** Takes the instance back. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#timer?.cancel();
    this.#scene.outage.forget(this);
    const lease = this.#lease;
    this.#lease = undefined;
    await lease?.revoke();
  }

  /** No outage in itself: the cluster may be well, and have forgotten. */
  #lost(lease: Lease): void {
    if (this.#lease !== lease) return;
    this.#lease = undefined;
    if (!this.#ended) void this.#again();
  }

  #failed(error: unknown): void {
    if (this.#ended) return;
    this.#scene.outage.began(this, error);
    this.#attempt += 1;
    this.#timer = systemClock.after(backoffMs(this.#attempt, PAUSE), () => void this.#again());
  }

  async #again(): Promise<void> {
    try {
      await this.begin();
      this.#attempt = 0;
      this.#scene.outage.over(this);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The library asks for a new token only when a plain call is refused, and keeping alive is a stream. */
  #refreshToken(error: unknown): void {
    if (!(error instanceof EtcdInvalidAuthTokenError)) return;
    const key = this.#scene.layout.keyOf(this.#instance);
    this.#client.get(key).catch(() => {});
  }
}
