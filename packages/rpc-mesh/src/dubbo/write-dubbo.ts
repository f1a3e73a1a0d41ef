import type { Output } from "@layotto/grpc-transport/socket";
import { HessianWriter } from "../hessian/hessian-writer.ts";
import { DubboFlag, HEAD_BYTES, HESSIAN2, MAGIC_HIGH, MAGIC_LOW } from "./constants.ts";
import type { DubboFrame } from "./dubbo-frame.ts";

/** Writes a frame into memory of its own. */
export function encodeDubbo(
  flags: number,
  status: number,
  idHigh: number,
  id: number,
  body: Uint8Array,
): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  frame[0] = MAGIC_HIGH;
  frame[1] = MAGIC_LOW;
  frame[2] = flags;
  frame[3] = status;
  frame.writeInt32BE(idHigh, 4);
  frame.writeInt32BE(id, 8);
  frame.writeUInt32BE(body.length, 12);
  frame.set(body, HEAD_BYTES);
  return frame;
}

/** Sends a frame under another request id: one copy into the output, where the id is put in. Returns the octets. */
export function forwardDubbo(
  output: Output,
  frame: DubboFrame,
  idHigh: number,
  id: number,
): number {
  const { start, end } = frame;
  const length = end - start;
  output.reserve(length);
  const { buffer, position } = output;
  frame.buffer.copy(buffer, position, start, end);
  buffer.writeInt32BE(idHigh, position + 4);
  buffer.writeInt32BE(id, position + 8);
  output.position = position + length;
  return length;
}

const nullBody = Buffer.from([0x4e]);
const readOnlyBody = Buffer.from("\u0001R", "latin1");

/** Asks for a sign of life. */
export function heartbeat(id: number): Buffer {
  return encodeDubbo(
    DubboFlag.REQUEST | DubboFlag.TWO_WAY | DubboFlag.EVENT | HESSIAN2,
    0,
    0,
    id,
    nullBody,
  );
}

/** Answers a heartbeat with its own null, whatever that is in its serialization. */
export function heartbeatAck(
  { serialization, idHigh, id, buffer, bodyAt, end }: DubboFrame,
  status: number,
): Buffer {
  return encodeDubbo(
    DubboFlag.EVENT | serialization,
    status,
    idHigh,
    id,
    buffer.subarray(bodyAt, end),
  );
}

/** The event by which a server asks for no further requests. */
export function readOnlyEvent(id: number): Buffer {
  return encodeDubbo(DubboFlag.REQUEST | DubboFlag.EVENT | HESSIAN2, 0, 0, id, readOnlyBody);
}

/** An answer that is an error: any status but OK, and a text. */
export function errorResponse(idHigh: number, id: number, status: number, message: string): Buffer {
  return encodeDubbo(HESSIAN2, status, idHigh, id, new HessianWriter().text(message).bytes());
}

/** The parts of a request body. */
export interface RequestBody {
  /** Version of the protocol. @default "2.0.2" */
  readonly dubboVersion?: string;
  readonly path: string;
  /** @default "0.0.0" */
  readonly version?: string;
  readonly method: string;
  /** Types of the arguments as the JVM writes them, e.g. `Ljava/lang/String;I`. */
  readonly descriptor: string;
  /** Encoded, one after the other. */
  readonly args: Uint8Array;
  readonly attachments: Iterable<readonly [string, string]>;
}

/** Encodes a request body in Hessian. */
export function requestBody(body: RequestBody): Buffer {
  return new HessianWriter()
    .text(body.dubboVersion ?? "2.0.2")
    .text(body.path)
    .text(body.version ?? "0.0.0")
    .text(body.method)
    .text(body.descriptor)
    .raw(body.args)
    .textMap(body.attachments)
    .bytes();
}

/**
 * Encodes the body of an answer with status OK.
 *
 * @param type one of `ResponseType`
 * @param value encoded; empty for types without one
 */
export function responseBody(
  type: number,
  value: Uint8Array,
  attachments?: Iterable<readonly [string, string]>,
): Buffer {
  const writer = new HessianWriter().int(type).raw(value);
  if (attachments !== undefined) writer.textMap(attachments);
  return writer.bytes();
}
