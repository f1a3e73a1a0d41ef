import { ConnectionError } from "../connection/connection-error.ts";
import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  MAX_WINDOW_BYTES,
  Setting,
} from "./constants.ts";
import { readUint32, writeUint32 } from "./write.ts";

/** What the peer asked for, with the defaults of RFC 9113 §6.5.2. */
export interface PeerSettings {
  headerTableBytes: number;
  maxConcurrentStreams: number;
  initialWindowBytes: number;
  maxFrameBytes: number;
  maxHeaderListBytes: number;
}

/** Settings in force before the peer sends any. */
export function initialPeerSettings(): PeerSettings {
  return {
    headerTableBytes: 4096,
    maxConcurrentStreams: Number.POSITIVE_INFINITY,
    initialWindowBytes: DEFAULT_WINDOW_BYTES,
    maxFrameBytes: DEFAULT_MAX_FRAME_BYTES,
    maxHeaderListBytes: Number.POSITIVE_INFINITY,
  };
}

/**
 * Applies the payload of a SETTINGS frame, whose length is a multiple of 6.
 *
 * @throws {ConnectionError} when a value is out of range
 */
export function applySettings(
  settings: PeerSettings,
  buffer: Buffer,
  start: number,
  end: number,
  fromServer: boolean,
): void {
  for (let offset = start; offset < end; offset += 6) {
    const id = ((buffer[offset] ?? 0) << 8) | (buffer[offset + 1] ?? 0);
    applySetting(settings, id, readUint32(buffer, offset + 2), fromServer);
  }
}

function applySetting(s: PeerSettings, id: number, value: number, fromServer: boolean): void {
  switch (id) {
    case Setting.HEADER_TABLE_SIZE:
      s.headerTableBytes = value;
      break;
    case Setting.ENABLE_PUSH:
      check(value === 0 || (value === 1 && !fromServer), ErrorCode.PROTOCOL_ERROR, "ENABLE_PUSH");
      break;
    case Setting.MAX_CONCURRENT_STREAMS:
      s.maxConcurrentStreams = value;
      break;
    case Setting.INITIAL_WINDOW_SIZE:
      check(value <= MAX_WINDOW_BYTES, ErrorCode.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE");
      s.initialWindowBytes = value;
      break;
    case Setting.MAX_FRAME_SIZE:
      check(value >= 16_384 && value <= 16_777_215, ErrorCode.PROTOCOL_ERROR, "MAX_FRAME_SIZE");
      s.maxFrameBytes = value;
      break;
    case Setting.MAX_HEADER_LIST_SIZE:
      s.maxHeaderListBytes = value;
      break;
    default: // unknown settings are ignored (RFC 9113 §6.5.2)
  }
}

function check(valid: boolean, code: number, name: string): void {
  if (!valid) throw new ConnectionError(code, `SETTINGS_${name} out of range`);
}

/** Encodes `[id, value]` pairs as the payload of a SETTINGS frame. */
export function encodeSettings(pairs: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.allocUnsafe(pairs.length * 6);
  pairs.forEach(([id, value], i) => {
    payload[i * 6] = id >>> 8;
    payload[i * 6 + 1] = id;
    writeUint32(payload, i * 6 + 2, value);
  });
  return payload;
}
