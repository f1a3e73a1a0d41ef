import { backoffMs, systemClock, type Timer } from "@layotto/sidecar-kit";
import type { Outage } from "../../discovery/outage.ts";
import type { ZkSession } from "./session.ts";

/** Pauses between attempts to list. */
const PAUSE = { initialMs: 100, maxMs: 5000 };

/** Gets the names of all children each time. */
export type ChildrenListener = (names: readonly string[]) => void;

/**
 * Follows the children of one node, which may not be there yet, for any number of listeners. One per node and component:
 * the library cannot take a watch back.
 */
export class ChildrenWatch {
  readonly #session: ZkSession;
  readonly #path: string;
  readonly #outage: Outage;
  readonly #listeners = new Set<ChildrenListener>();
  readonly #changed = (): void => this.#look();
  #names: readonly string[] | undefined;
  #stopListening = (): void => {};
  #timer: Timer | undefined;
  #attempt = 0;
  #looking = false;
  #lookAgain = false;

  constructor(session: ZkSession, path: string, outage: Outage) {
    this.#session = session;
    this.#path = path;
    this.#outage = outage;
  }

  add(listener: ChildrenListener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#stopListening = this.#session.onConnected(() => this.#look());
    } else if (this.#names !== undefined) listener(this.#names);
    return () => this.#remove(listener);
  }

  stop(): void {
    this.#listeners.clear();
    this.#rest();
  }

  #remove(listener: ChildrenListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#rest();
  }

  #rest(): void {
    this.#stopListening();
    this.#timer?.cancel();
    this.#names = undefined;
    this.#outage.forget(this);
  }

  /** Lists, once more if something happens meanwhile. */
  #look(): void {
    this.#lookAgain = true;
    if (!this.#looking) void this.#run();
  }

  async #run(): Promise<void> {
    this.#looking = true;
    this.#timer?.cancel();
    while (this.#lookAgain && this.#listeners.size > 0) {
      this.#lookAgain = false;
      try {
        this.#tell((await this.#session.children(this.#path, this.#changed)) ?? []);
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#looking = false;
  }

  #tell(names: readonly string[]): void {
    if (this.#listeners.size === 0) return;
    this.#attempt = 0;
    this.#names = names;
    this.#outage.over(this);
    for (const listener of [...this.#listeners]) listener(names);
  }

  #failed(error: unknown): void {
    if (this.#listeners.size === 0) return;
    this.#outage.began(this, error);
    // Without a connection the next one is waited for.
    if (!this.#session.connected) return;
    this.#attempt += 1;
    this.#timer = systemClock.after(backoffMs(this.#attempt, PAUSE), () => this.#look());
  }
}
