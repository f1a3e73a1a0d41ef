import { backoffMs, systemClock, type Timer } from "@layotto/sidecar-kit";
import type { Outage } from "../../discovery/outage.ts";
import type { ZkSession } from "./session.ts";

/** Pauses between attempts to make the node again. */
const PAUSE = { initialMs: 100, maxMs: 5000 };

/** Keeps an ephemeral node there, in whatever session there is. */
export class EphemeralNode {
  readonly #session: ZkSession;
  readonly #path: string;
  readonly #outage: Outage;
  #stopListening = (): void => {};
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #attempt = 0;
  #ended = false;

  constructor(session: ZkSession, path: string, outage: Outage) {
    this.#session = session;
    this.#path = path;
    this.#outage = outage;
  }

  /** Makes the node for the first time. Rejects when that fails. */
  async begin(): Promise<void> {
    await this.#ensure();
    let isFirst = this.#session.connected;
    this.#stopListening = this.#session.onConnected(() => {
      if (isFirst) isFirst = false;
      else this.#again();
    });
  }

  async end(): Promise<void> {
    this.forget();
    await this.#running;
    if (!this.#session.connected) return this.#removeLater();
    try {
      await this.#session.remove(this.#path);
    } catch (error) {
      this.#removeLater();
      throw error;
    }
  }

  /** Leaves the node to the end of the session. */
  forget(): void {
    this.#ended = true;
    this.#stopListening();
    this.#timer?.cancel();
    this.#outage.forget(this);
  }

  /** With the next connection: the session may outlive this one, and the node with it. */
  #removeLater(): void {
    let isNow = true;
    const stop = this.#session.onConnected(() => {
      if (isNow) return;
      stop();
      this.#session.remove(this.#path).catch(() => this.#removeLater());
    });
    isNow = false;
  }

  #again(): void {
    this.#timer?.cancel();
    this.#running = this.#ensure().then(
      () => {
        this.#attempt = 0;
        this.#outage.over(this);
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #failed(error: unknown): void {
    if (this.#ended) return;
    this.#outage.began(this, error);
    // Without a connection the next one is waited for.
    if (!this.#session.connected) return;
    this.#attempt += 1;
    this.#timer = systemClock.after(backoffMs(this.#attempt, PAUSE), () => this.#again());
  }

  /** As Dubbo does it: a node of an earlier session would go with that session, so it is replaced. */
  async #ensure(): Promise<void> {
    await this.#session.createPath(this.#path.slice(0, this.#path.lastIndexOf("/")));
    if (await this.#session.create(this.#path, "EPHEMERAL")) return;
    const stat = await this.#session.stat(this.#path);
    if (stat?.ephemeralOwner.equals(this.#session.id) === true) return;
    await this.#session.remove(this.#path);
    await this.#session.create(this.#path, "EPHEMERAL");
  }
}
