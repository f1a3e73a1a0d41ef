// sofa-bolt-node, an implementation by others, as a judge of ours. It has no types.
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { Transform, Writable } from "node:stream";

const require = createRequire(import.meta.url);

/** What it makes of a frame. */
export interface BoltPacket {
  readonly packetId: number;
  readonly packetType: "request" | "response" | "heartbeat" | "heartbeat_ack";
  readonly className?: string;
  readonly data?: unknown;
  readonly options: { readonly protocolType: string; readonly codecType: string; readonly timeout?: number; readonly crcEnable?: boolean };
} // prettier-ignore

/** How it is to write. */
export interface BoltPacketOptions {
  readonly protocolType: "bolt" | "bolt2";
  readonly boltVersion: 1 | 2;
  readonly crcEnable: boolean;
  readonly codecType: "hessian2" | "protobuf";
  readonly classCache?: Map<string, unknown>;
  readonly sentReqs?: Map<number, unknown>;
}

interface Oracle {
  requestEncode(id: number, request: object, options: BoltPacketOptions): Buffer;
  responseEncode(id: number, response: object, options: BoltPacketOptions): Buffer;
  heartbeatEncode(id: number, heartbeat: object, options: BoltPacketOptions): Buffer;
  heartbeatAckEncode(id: number, options: BoltPacketOptions): Buffer;
  decode(bytes: Buffer, options: object): BoltPacket;
}

export const oracle = require("sofa-bolt-node/lib/protocol/index.js") as Oracle; // an untyped package

/** A request or heartbeat that its decoder has read. */
export interface BoltRequestPacket extends BoltPacket {
  readonly data: { readonly serverSignature: string; readonly methodName: string; readonly args: readonly unknown[]; readonly requestProps: unknown };
} // prettier-ignore

/** Its writing half of a connection. */
export interface OracleEncoder extends Transform {
  protocolType: "bolt" | "bolt2";
  boltVersion: number;
  crcEnable: boolean;
  writeRequest(id: number, request: object): void;
  writeResponse(request: BoltPacket, response: object): void;
  writeHeartbeat(id: number, heartbeat: object): void;
  writeHeartbeatAck(heartbeat: BoltPacket): void;
}

const library = require("sofa-bolt-node") as {
  encoder(options: object): OracleEncoder;
  decoder(options: object): Writable;
}; // an untyped package

/** A connection that it reads and writes; `packets` emits `request`, `response`, `heartbeat`, `heartbeat_ack`. */
export function oracleConnection(socket: Socket): { encoder: OracleEncoder; packets: Writable } {
  const sentReqs = new Map<number, unknown>();
  const encoder = library.encoder({ sentReqs });
  const packets = library.decoder({ sentReqs });
  encoder.pipe(socket);
  socket.pipe(packets);
  socket.on("error", () => {});
  return { encoder, packets };
}
