import type { ConnectionLimits } from "../limits.ts";
import type { Head } from "./head.ts";
import type { Http2Connection } from "./connection.ts";
import type { SharedBudget } from "./shared-budget.ts";
import type { Http2Stream } from "./stream.ts";

/** How a connection watches over its peer and its own age. Times in milliseconds; Infinity switches off. */
export interface KeepaliveOptions {
  /** Silence after which a PING is sent. @default 30000 for servers, Infinity for clients */
  keepaliveMs: number;
  /** Time the peer has to answer it before the connection is closed. @default 10000 */
  keepaliveTimeoutMs: number;
  /** Time without streams after which the connection is closed gracefully. @default Infinity */
  maxIdleMs: number;
  /** Age after which the connection is closed gracefully. @default Infinity */
  maxAgeMs: number;
}

/** What a connection tells its owner. */
export interface ConnectionEvents {
  /** A peer opened a stream; the owner sets `stream.sink`. Called on servers only. */
  onStream(stream: Http2Stream, head: Head, endStream: boolean): void;
  /** The peer's first SETTINGS are in force. */
  onReady(connection: Http2Connection): void;
  /** No new streams may be opened: the peer, or we, sent GOAWAY. */
  onDraining(connection: Http2Connection): void;
  /** A stream ended that had been one too many: another may be opened. */
  onCapacity(connection: Http2Connection): void;
  /** Code that was told about a stream threw; that stream was reset. */
  onFault(error: unknown): void;
  /** The connection is over; all its streams have been told. */
  onClose(connection: Http2Connection, reason: Error | undefined): void;
}

/** Everything a connection needs to know. */
export interface ConnectionOptions extends KeepaliveOptions {
  isServer: boolean;
  limits: ConnectionLimits;
  /** Shared with the other connections of a server. */
  budget: SharedBudget;
  events: ConnectionEvents;
  /** Sees all bytes that the peer sends, before they mean anything; they are valid only during the call. */
  onBytes?: OnBytes | undefined;
}

/** See {@link ConnectionOptions.onBytes}. */
export type OnBytes = (
  connection: Http2Connection,
  buffer: Buffer,
  start: number,
  end: number,
) => void;

/** Keepalive defaults of servers. */
export const serverKeepalive: KeepaliveOptions = {
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  maxIdleMs: Number.POSITIVE_INFINITY,
  maxAgeMs: Number.POSITIVE_INFINITY,
};

/** Keepalive defaults of clients: some servers punish clients that ping unasked. */
export const clientKeepalive: KeepaliveOptions = {
  ...serverKeepalive,
  keepaliveMs: Number.POSITIVE_INFINITY,
};
