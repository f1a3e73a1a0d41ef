import { randomUUID } from "node:crypto";
import { backoffMs, systemClock, type Timer } from "@layotto/sidecar-kit";
import type { IPublishPacket } from "mqtt";
import type { Connection, Gone } from "./connection.ts";
import { hold, watch, type Message, type SessionPlace } from "./hold.ts";
import { keepConnected } from "./keep-connected.ts";
import { VACANT, groupNames, heldBy, type GroupNames } from "./names.ts";

/** Who had the session for so long was not in dispute about it. */
const SETTLED_MS = 60_000;

/** Who has the messages of a session. No method throws. */
export interface SessionOwner {
  /** Most unacknowledged messages at a time, 1 to 65 535. */
  readonly window: number;
  message(packet: IPublishPacket, connection: Connection): void;
  /** The session is ours, on this connection. */
  up(connection: Connection): void;
  /** Another process has the session now, with all that is unacknowledged. */
  taken(): void;
}

/**
 * The session of a group with the broker: subscription, position and what is unacknowledged, all kept by the broker under
 * one client id. At any time one process has it. A process that comes takes it from the one that had it, so that an
 * upgrade waits for nothing.
 *
 * Who loses the session cannot trust the broker to say why (mosquitto before 2.0.12 does not), and must not simply take
 * it back: two processes would take it from each other for ever. So a retained message says who has it. The loser looks,
 * and when it is another one waits until nobody has it. A process that dies leaves that as its will.
 */
export class Session {
  readonly #place: SessionPlace;
  readonly #owner: SessionOwner;
  readonly #id = randomUUID();
  readonly #names: GroupNames;
  readonly #stop = new AbortController();
  #connection: Connection | undefined;
  #window = 0;
  /** Whether the connection has the session, or looks who has it. */
  #mode: "hold" | "watch" = "hold";
  #isTaken = false;
  /** Whether the end of the connection is ours and no trouble. */
  #isEnding = false;
  #heldSinceMs = 0;
  /** How often in a row the session was taken away soon after it was taken. */
  #disputes = 0;
  #kept: Promise<void> = Promise.resolve();

  private constructor(place: SessionPlace, owner: SessionOwner) {
    this.#place = place;
    this.#owner = owner;
    this.#names = groupNames(place.topic, place.group);
  }

  /** Takes the session, or begins it. Rejects when that is not possible now. */
  static async open(
    place: SessionPlace,
    owner: SessionOwner,
    signal: AbortSignal,
  ): Promise<Session> {
    const session = new Session(place, owner);
    const first = await session.#hold(signal);
    session.#kept = keepConnected(
      {
        what: `mqtt session of group "${place.group}" on topic "${place.topic}"`,
        logger: place.logger,
        signal: session.#stop.signal,
        connect: () => session.#connect(),
        up: (connection) => session.#up(connection),
        down: (gone) => session.#down(gone),
      },
      first,
    );
    return session;
  }

  /** Connects anew when the owner's window has grown: a connection has the one that it began with. */
  widen(): void {
    if (this.#owner.window <= this.#window || this.#mode !== "hold") return;
    this.#end(this.#connection);
  }

  /** Leaves the session to whoever comes next. What was acknowledged is with the broker then. */
  async close(): Promise<void> {
    this.#stop.abort();
    const connection = this.#connection;
    if (this.#mode === "hold") connection?.leave(this.#names.holderTopic, VACANT);
    await connection?.end();
    await this.#kept;
  }

  #connect(): Promise<Connection> {
    const { signal } = this.#stop;
    this.#isEnding = false;
    return this.#mode === "hold" ? this.#hold(signal) : this.#watch(signal);
  }

  async #hold(signal: AbortSignal): Promise<Connection> {
    const { window } = this.#owner;
    const message: Message = (packet, on) => this.#owner.message(packet, on);
    const connection = await hold(this.#place, this.#id, window, message, signal);
    this.#window = window;
    return connection;
  }

  #up(connection: Connection): void {
    this.#connection = connection;
    if (this.#mode !== "hold") return;
    this.#isTaken = false;
    this.#heldSinceMs = performance.now();
    this.#owner.up(connection);
    this.widen();
  }

  #down({ taken }: Gone): boolean {
    this.#connection = undefined;
    if (this.#mode === "watch") {
      // Without a connection nobody can tell whether somebody has the session: take it, and see.
      this.#mode = "hold";
      return this.#isEnding;
    }
    if (this.#isEnding) return true;
    this.#mode = "watch";
    if (taken) this.#taken();
    return taken;
  }

  #end(connection: Connection | undefined): void {
    if (this.#isEnding || connection === undefined) return;
    this.#isEnding = true;
    void connection.end();
  }

  #taken(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    this.#disputes = performance.now() - this.#heldSinceMs > SETTLED_MS ? 0 : this.#disputes + 1;
    const { topic, group, logger } = this.#place;
    logger.info({ topic, group }, "mqtt: another process of the group has the session now");
    this.#owner.taken();
  }

  /** Looks who has the session, on a connection that ends when it may be taken. */
  async #watch(signal: AbortSignal): Promise<Connection> {
    let state: string | undefined;
    let timer: Timer | undefined;
    const consider = (on: Connection): void => {
      timer?.cancel();
      const isOurs = state === "" || state === heldBy(this.#id);
      if (isOurs && !this.#isTaken) return this.#end(on);
      if (!isOurs && state !== VACANT) return this.#taken();
      if (isOurs) return; // whoever has taken it has not said so yet
      const pauseMs = backoffMs(this.#disputes + 1, { initialMs: 200, maxMs: 300_000 });
      timer = systemClock.after(pauseMs, () => this.#end(on));
    };
    const message: Message = ({ payload }, on) => {
      const isFirst = state === undefined;
      state = payload.toString();
      if (!isFirst) consider(on);
    };
    const connection = await watch(this.#place, message, signal);
    void connection.gone.then(() => timer?.cancel());
    state ??= "";
    consider(connection);
    return connection;
  }
}
