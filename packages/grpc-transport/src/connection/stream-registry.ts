import { MAX_STREAM_ID } from "../frame/constants.ts";
import { RecentIds } from "./recent-ids.ts";
import { StreamTable } from "./stream-table.ts";

/** The streams of a connection and what is known of identifiers that are no stream now. */
export class StreamRegistry {
  /** Open streams. */
  readonly table = new StreamTable();
  /** Streams that we reset a short while ago: their frames may still be under way. */
  readonly resets = new RecentIds();
  /** Highest identifier that the peer used. */
  lastPeerId = 0;
  /** Highest identifier that we take after GOAWAY. */
  lastAcceptedId = MAX_STREAM_ID;
  private readonly isServer: boolean;
  private nextId = 1;

  constructor(isServer: boolean) {
    this.isServer = isServer;
  }

  /** Whether identifiers are left for streams of our own. */
  get hasNextId(): boolean {
    return this.nextId < MAX_STREAM_ID;
  }

  /** Identifier of the next stream that we open. */
  takeNextId(): number {
    const id = this.nextId;
    this.nextId += 2;
    return id;
  }

  /** Whether neither side ever opened the stream (RFC 9113 §5.1). */
  isIdle(id: number): boolean {
    if (id % 2 === 0) return true;
    return this.isServer ? id > this.lastPeerId : id >= this.nextId;
  }
}
