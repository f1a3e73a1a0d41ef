import { backendErrors, backoffMs, systemClock, type Timer } from "@layotto/sidecar-kit";
import * as library from "node-zookeeper-client";
import type { ACL, Client, Stat, Watcher } from "node-zookeeper-client";
import type { Outage } from "../../discovery/outage.ts";
import { cutConnection, forgetPartialPacket } from "./quirks.ts";

/** Pause, ms, before all servers are tried again: up to this. */
const SPIN_DELAY_MS = 500;
/** A server that takes a connection and says nothing on it is left after the time of a session, within these bounds. */
const MIN_SILENCE_MS = 2000;
const MAX_SILENCE_MS = 10_000;
/** Pauses before a new session after one that ended. */
const PAUSE = { initialMs: 100, maxMs: 3000 };
/** The end of a session is told to the server for so long. */
const CLOSE_TIMEOUT_MS = 1000;

/** How a {@link ZkSession} is made. */
export interface ZkOptions {
  /** `host:port,host:port/chroot`. */
  readonly servers: string;
  readonly sessionTimeoutMs: number;
  readonly callTimeoutMs: number;
  /** `user:password` of scheme digest. */
  readonly auth: string | undefined;
  readonly outage: Outage;
}

/** A session with ZooKeeper that is followed by another one when it ends. */
export class ZkSession {
  readonly #options: ZkOptions;
  readonly #listeners = new Set<() => void>();
  #client: Client;
  #connected = false;
  #attempt = 0;
  #timer: Timer | undefined;
  #silence: Timer | undefined;
  #closed = false;

  constructor(options: ZkOptions) {
    this.#options = options;
    this.#client = this.#begin();
  }

  /** Whether calls can be answered now. */
  get connected(): boolean {
    return this.#connected;
  }

  /** 8 bytes. */
  get id(): Buffer {
    return this.#client.getSessionId();
  }

  /**
   * Calls back whenever there is a connection: now, if there is one, and later, with the same session or a new one, in
   * which nothing is left of ephemeral nodes and watches.
   */
  onConnected(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#connected) listener();
    return () => this.#listeners.delete(listener);
  }

  /** Names of the children; undefined when there is no such node. The watcher is called once, when that changes. */
  async children(path: string, watcher: Watcher): Promise<string[] | undefined> {
    try {
      return await this.#call((client, done) => client.getChildren(path, watcher, done));
    } catch (error) {
      if (!isCode(error, library.Exception.NO_NODE)) throw error;
    }
    const stat = await this.#call<Stat | null>((client, done) =>
      client.exists(path, watcher, done),
    );
    return stat === null ? undefined : this.children(path, watcher);
  }

  stat(path: string): Promise<Stat | null> {
    return this.#call((client, done) => client.exists(path, done));
  }

  /** Makes a node. Resolves with false when there is one. */
  async create(path: string, mode: "PERSISTENT" | "EPHEMERAL"): Promise<boolean> {
    const acls = this.#acls();
    try {
      await this.#call<string>((client, done) => {
        client.create(path, acls, library.CreateMode[mode], done);
      });
      return true;
    } catch (error) {
      if (isCode(error, library.Exception.NODE_EXISTS)) return false;
      throw error;
    }
  }

  /** Makes a node and those above it. */
  async createPath(path: string): Promise<void> {
    for (let end = path.indexOf("/", 1); ; end = path.indexOf("/", end + 1)) {
      const part = end < 0 ? path : path.slice(0, end);
      // Looked for first: those above may be ours to read only.
      if ((await this.stat(part)) === null) await this.create(part, "PERSISTENT");
      if (end < 0) return;
    }
  }

  /** Removes a node, if there is one. */
  async remove(path: string): Promise<void> {
    try {
      await this.#call<undefined>((client, done) =>
        client.remove(path, (error) => done(error, undefined)),
      );
    } catch (error) {
      if (!isCode(error, library.Exception.NO_NODE)) throw error;
    }
  }

  /** Ends the session, and with it all its ephemeral nodes. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#silence?.cancel();
    const client = this.#client;
    const ended = this.#connected ? gone(client) : Promise.resolve();
    client.close();
    await ended;
    cutConnection(client);
  }

  #begin(): Client {
    const { servers, sessionTimeoutMs: sessionTimeout, auth } = this.#options;
    const client = library.createClient(servers, { sessionTimeout, spinDelay: SPIN_DELAY_MS });
    if (auth !== undefined) client.addAuthInfo("digest", Buffer.from(auth));
    client.on("connected", () => this.#up(client));
    client.on("disconnected", () => this.#down(client));
    client.on("expired", () => this.#ended(client, "the session has expired"));
    client.on("authenticationFailed", () => this.#ended(client, "user or password are wrong"));
    client.connect();
    this.#expectAnswer(client);
    return client;
  }

  #up(client: Client): void {
    if (this.#closed || this.#client !== client) return;
    this.#timer?.cancel();
    this.#silence?.cancel();
    this.#connected = true;
    this.#attempt = 0;
    this.#options.outage.over(this);
    for (const listener of [...this.#listeners]) listener();
  }

  #down(client: Client): void {
    forgetPartialPacket(client);
    if (this.#closed || this.#client !== client || !this.#connected) return;
    this.#connected = false;
    this.#options.outage.began(this, "the connection was lost");
    this.#expectAnswer(client);
    // By then the session has expired, and a server that has lost its data would refuse it for ever.
    const giveUpMs = 2 * this.#options.sessionTimeoutMs;
    this.#timer = systemClock.after(giveUpMs, () => this.#replace(client));
  }

  /** The library would wait for ever, and a server that is just starting can lose what it is asked. */
  #expectAnswer(client: Client): void {
    const { sessionTimeoutMs } = this.#options;
    this.#silence?.cancel();
    const ms = Math.min(MAX_SILENCE_MS, Math.max(MIN_SILENCE_MS, sessionTimeoutMs));
    this.#silence = systemClock.after(ms, () => {
      cutConnection(client);
      this.#expectAnswer(client);
    });
  }

  /** The library leaves it at that: a new session is a new client. */
  #ended(client: Client, why: string): void {
    if (this.#closed || this.#client !== client) return;
    this.#connected = false;
    this.#options.outage.began(this, why);
    this.#attempt += 1;
    this.#timer?.cancel();
    const pauseMs = backoffMs(this.#attempt, PAUSE);
    this.#timer = systemClock.after(pauseMs, () => this.#replace(client));
  }

  #replace(client: Client): void {
    this.#client = this.#begin();
    client.close();
    // A server that is only slow to come gets a new session once more after the same time.
    const next = this.#client;
    const giveUpMs = 2 * this.#options.sessionTimeoutMs;
    this.#timer = systemClock.after(giveUpMs, () => this.#replace(next));
  }

  /** @throws RpcError BACKEND_UNAVAILABLE at once when there is no connection: the library would wait for one */
  #call<T>(
    work: (client: Client, done: (error: Error | null, value: T) => void) => void,
  ): Promise<T> {
    if (!this.#connected) {
      return Promise.reject(
        backendErrors.BACKEND_UNAVAILABLE("Cannot reach ZooKeeper: not connected"),
      );
    }
    const client = this.#client;
    return new Promise((resolve, reject) => {
      const timer = systemClock.after(this.#options.callTimeoutMs, () => {
        cutConnection(client);
        reject(
          backendErrors.BACKEND_TIMEOUT("Cannot finish the call: ZooKeeper did not answer in time"),
        );
      });
      work(client, (error, value) => {
        timer.cancel();
        if (error === null || error === undefined) resolve(value);
        else reject(meaningOf(error));
      });
    });
  }

  #acls(): readonly ACL[] {
    const { CREATOR_ALL_ACL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE } = library.ACL;
    if (this.#options.auth === undefined) return OPEN_ACL_UNSAFE;
    return [...CREATOR_ALL_ACL, ...READ_ACL_UNSAFE];
  }
}

/** What an error of the library means; those about nodes stay as they are. */
function meaningOf(error: Error): Error {
  const { CONNECTION_LOSS, SESSION_EXPIRED, AUTH_FAILED } = library.Exception;
  const isLost = [CONNECTION_LOSS, SESSION_EXPIRED, AUTH_FAILED].some((code) =>
    isCode(error, code),
  );
  return isLost
    ? backendErrors.BACKEND_UNAVAILABLE(`Cannot reach ZooKeeper: ${error.name}`)
    : error;
}

function isCode(error: unknown, code: number): boolean {
  return Reflect.get(Object(error), "code") === code;
}

async function gone(client: Client): Promise<void> {
  let timer: Timer | undefined;
  await new Promise<void>((resolve) => {
    timer = systemClock.after(CLOSE_TIMEOUT_MS, resolve);
    client.once("disconnected", () => resolve());
  });
  timer?.cancel();
}
