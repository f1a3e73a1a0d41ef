import type { ConnectionLimits } from "../limits.ts";
import { Setting } from "./constants.ts";
import { encodeSettings } from "./settings.ts";
import { writeUint32 } from "./write.ts";

/** Longest debug text of a GOAWAY frame. */
const MAX_DEBUG_BYTES = 256;

/** Payload of our first SETTINGS frame. */
export function firstSettings(limits: ConnectionLimits, isServer: boolean): Buffer {
  const pairs: [number, number][] = [
    [Setting.INITIAL_WINDOW_SIZE, limits.initialWindowBytes],
    [Setting.MAX_FRAME_SIZE, limits.maxFrameBytes],
    [Setting.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes],
  ];
  if (isServer) pairs.push([Setting.MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams]);
  else pairs.push([Setting.ENABLE_PUSH, 0]);
  return encodeSettings(pairs);
}

/** Payload of a GOAWAY frame (RFC 9113 §6.8). */
export function goawayPayload(lastId: number, code: number, message: string): Buffer {
  const debug = Buffer.from(message, "utf8").subarray(0, MAX_DEBUG_BYTES);
  const payload = Buffer.allocUnsafe(8 + debug.length);
  writeUint32(payload, 0, lastId);
  writeUint32(payload, 4, code);
  debug.copy(payload, 8);
  return payload;
}
