import type { Output } from "@layotto/grpc-transport/socket";
import type { Protocol } from "../model/host.ts";

/** What a frame is for, whatever its protocol. */
export const FrameKind = {
  REQUEST: 0,
  /** A request that nobody answers. */
  ONEWAY: 1,
  RESPONSE: 2,
  /** A heartbeat that wants an answer. */
  HEARTBEAT: 3,
  HEARTBEAT_ACK: 4,
  /** The peer will not serve new requests: GOAWAY of bolt, "R" of dubbo. */
  DRAIN: 5,
  /** Valid and of no use to us: further events. */
  OTHER: 6,
} as const;

export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/**
 * A frame within a buffer. One object per connection is filled again and again; what it says is valid until the function
 * that got it returns.
 */
export interface Frame {
  buffer: Buffer;
  /** Offset of the first octet. */
  start: number;
  /** Offset after the last octet. */
  end: number;
  /** The buffer belongs to this frame alone: whoever needs the bytes longer may keep them without a copy. */
  owned: boolean;
  kind: FrameKind;
  /** Request id: the low 32 bits as a signed integer, so that it stays a small integer in the engine. */
  id: number;
  /** The high 32 bits, signed; 0 where ids have 32. */
  idHigh: number;
}

/** A protocol in which frames with request ids share a connection. */
export interface Wire<F extends Frame> {
  readonly protocol: Protocol;
  /** Octets of the head after which {@link measure} knows the length, at most. */
  readonly headBytes: number;
  /** Octets of a frame beside its content, at most. */
  readonly overheadBytes: number;
  createFrame(): F;
  /** Octets of the content. */
  contentBytes(frame: F): number;
  /**
   * Returns the length of the whole frame that begins at `start`, 0 when that cannot be told yet.
   *
   * @throws CodecError when no frame begins like this
   */
  measure(buffer: Buffer, start: number, end: number): number;
  /**
   * Fills `frame` from a whole frame.
   *
   * @throws CodecError when its parts contradict each other
   */
  read(frame: F, buffer: Buffer, start: number, end: number): void;
  /** As {@link read}, of the first {@link headBytes} of a frame that is too large to be read whole. */
  readHead(frame: F, buffer: Buffer, start: number): void;
  /** Asks the peer for a sign of life; returns the octets written. */
  heartbeat(output: Output, id: number): number;
  /** Answers a heartbeat of the peer; returns the octets written. */
  heartbeatAck(output: Output, heartbeat: F): number;
  /** Asks the peer for no further requests; returns the octets written. */
  drain(output: Output, id: number): number;
}

/** What a {@link import("./frame-reader.ts").FrameReader} reports to. */
export interface FrameSink<F extends Frame> {
  /** A whole frame; valid until this returns. */
  onFrame(frame: F): void;
  /** A frame over the limit: only its head was read, its bytes are dropped as they come. */
  onOversize(frame: F, length: number): void;
  /** No further frames are wanted: the rest of the chunk is dropped. */
  readonly closed: boolean;
}
