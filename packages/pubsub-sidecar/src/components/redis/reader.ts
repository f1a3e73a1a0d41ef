import {
  type ConnectionContext,
  RedisConnection,
  type RedisTarget,
} from "@layotto/redis-connection";
import { setTimeout as pause } from "node:timers/promises";
import { streamScripts, type StreamScript } from "./scripts.ts";

/** Longest wait inside Redis for an entry: between two waits others are looked after. */
export const BLOCK_MS = 1000;
/** Redis answers late by so much at most before its connection counts as dead. */
const LATE_MS = 1000;
const UNBLOCK_EVERY_MS = 10;

/** The connection on which a subscription waits for entries; the wait can be cut short. */
export class ReaderConnection {
  readonly connection: RedisConnection<StreamScript>;
  /** A cluster has many nodes and as many connections; there a wait simply ends by itself. */
  #canUnblock: boolean;
  #id: string | undefined;

  private constructor(connection: RedisConnection<StreamScript>, canUnblock: boolean) {
    this.connection = connection;
    this.#canUnblock = canUnblock;
  }

  static async open(target: RedisTarget, context: ConnectionContext): Promise<ReaderConnection> {
    const callTimeoutMs = Math.min(target.callTimeoutMs, LATE_MS);
    const options = { blockMs: BLOCK_MS };
    const connection = await RedisConnection.open<StreamScript>(
      { ...target, callTimeoutMs },
      streamScripts,
      context,
      options,
    );
    return new ReaderConnection(connection, target.mode !== "cluster");
  }

  /** Learns what {@link unblock} needs; before the first wait and after {@link forget}. */
  async prepare(): Promise<void> {
    if (!this.#canUnblock || this.#id !== undefined) return;
    try {
      this.#id = String(await this.connection.client.call("CLIENT", "ID"));
    } catch (error) {
      if (!(error instanceof Error && error.name === "ReplyError")) throw error;
      this.#canUnblock = false; // the user may not
    }
  }

  /** The connection was lost. */
  forget(): void {
    this.#id = undefined;
  }

  /** Ends the wait that is under way, if any. Entries that it would have missed are not lost: they are not taken. */
  async unblock(main: RedisConnection<StreamScript>): Promise<void> {
    if (this.#id === undefined) return;
    await main.client.call("CLIENT", "UNBLOCK", this.#id).catch(() => undefined);
  }

  /** Ends the waits of a loop that was told to end; resolves when it has. */
  async end(main: RedisConnection<StreamScript>, loop: Promise<void>): Promise<void> {
    let isOver = false;
    const over = loop.then(() => (isOver = true));
    const latestMs = performance.now() + BLOCK_MS + LATE_MS;
    while (!isOver && performance.now() < latestMs) {
      void this.unblock(main);
      await Promise.race([over, pause(UNBLOCK_EVERY_MS)]);
    }
    if (!isOver) await this.connection.close();
    await over;
  }
}
