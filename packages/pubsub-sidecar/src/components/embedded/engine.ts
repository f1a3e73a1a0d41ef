import type { Environment } from "@layotto/embedded-store";
import { Consumers } from "./consumers.ts";
import { Log } from "./log.ts";
import { LogWriter } from "./log-writer.ts";

/** How often other processes of the directory are looked for, and what they have done once there are some. */
const LOOK_ALONE_MS = 200;
const LOOK_MS = 20;

const engines = new Map<Environment, Engine>();

/** What the components of a directory share in this process: groups have their members in all of them. */
export class Engine {
  readonly log: Log;
  readonly writer: LogWriter;
  readonly consumers: Consumers;
  readonly #environment: Environment;
  readonly #listeners = new Set<() => void>();
  #users = 0;
  #changes = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(environment: Environment) {
    this.#environment = environment;
    this.log = new Log(environment);
    this.consumers = new Consumers(this.log);
    this.writer = new LogWriter(this.log, (topicKey, end) =>
      this.consumers.appended(topicKey, end),
    );
    this.#schedule(LOOK_MS);
  }

  /** The engine of an environment. Whoever has got it calls {@link leave}. */
  static of(environment: Environment): Engine {
    let engine = engines.get(environment);
    if (engine === undefined) {
      engine = new Engine(environment);
      engines.set(environment, engine);
    }
    engine.#users++;
    return engine;
  }

  /** Calls back when another process may have changed something. @returns ends that */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  leave(): void {
    this.#users--;
    if (this.#users > 0) return;
    engines.delete(this.#environment);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.writer.close();
  }

  #schedule(afterMs: number): void {
    this.#timer = setTimeout(() => {
      const isShared = this.#look();
      if (this.#timer !== undefined) this.#schedule(isShared ? LOOK_MS : LOOK_ALONE_MS);
    }, afterMs).unref();
  }

  /** @returns whether to look again soon */
  #look(): boolean {
    try {
      this.log.refresh();
      const changes = this.log.counters.get("changes");
      const hasChanged = changes !== this.#changes;
      this.#changes = changes;
      if (hasChanged) this.consumers.lookForMessages();
      if (hasChanged) for (const listener of this.#listeners) listener();
      const anyWaits = this.consumers.lookForLeases();
      return this.#environment.isShared() || anyWaits;
    } catch {
      return false; // a read that fails is tried again
    }
  }
}
