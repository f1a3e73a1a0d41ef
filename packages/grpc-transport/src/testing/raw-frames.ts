/**
 * HTTP/2 frames built and read by hand, for tests only: a peer that shares no code with the
 * transport, and that may say things which a correct peer never says.
 *
 * Source: RFC 9113 §4 and §6; RFC 7541 §6 (only literals without indexing and the static table).
 */

/** Frame types of RFC 9113 §6. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Frame flags; ACK and END_STREAM share a value, as in RFC 9113 §6. */
export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;

/** Error codes of RFC 9113 §7. */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;

/** Identifiers of settings, RFC 9113 §6.5.2. */
export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** What a client sends first, RFC 9113 §3.4. */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** One frame as it came from the wire. */
export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** Builds one frame. Nothing is checked: wrong frames are what this is for. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId >>> 0, 5);
  return Buffer.concat([header, payload]);
}

function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, index * 4));
  return bytes;
}

/** Builds a SETTINGS frame from `[identifier, value]` pairs. */
export function settingsFrame(...settings: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([identifier, value], index) => {
    payload.writeUInt16BE(identifier, index * 6);
    payload.writeUInt32BE(value >>> 0, index * 6 + 2);
  });
  return frame(FrameType.SETTINGS, 0, 0, payload);
}

/** Builds a SETTINGS acknowledgement. */
export function settingsAck(): Buffer {
  return frame(FrameType.SETTINGS, Flag.ACK, 0);
}

/** Builds a PING frame; `label` is its opaque data. */
export function pingFrame(label = 0, flags = 0): Buffer {
  return frame(FrameType.PING, flags, 0, uint32(0, label));
}

/** Builds a WINDOW_UPDATE frame; stream 0 is the connection. */
export function windowUpdateFrame(streamId: number, increment: number): Buffer {
  return frame(FrameType.WINDOW_UPDATE, 0, streamId, uint32(increment));
}

/** Builds an RST_STREAM frame. */
export function resetFrame(streamId: number, code: number = ErrorCode.CANCEL): Buffer {
  return frame(FrameType.RST_STREAM, 0, streamId, uint32(code));
}

/** Builds a GOAWAY frame. */
export function goawayFrame(lastStreamId: number, code: number, text = ""): Buffer {
  return frame(
    FrameType.GOAWAY,
    0,
    0,
    Buffer.concat([uint32(lastStreamId, code), Buffer.from(text)]),
  );
}

/** Builds a PRIORITY frame. */
export function priorityFrame(streamId: number, dependency: number): Buffer {
  return frame(
    FrameType.PRIORITY,
    0,
    streamId,
    Buffer.concat([uint32(dependency), Buffer.from([15])]),
  );
}

/** Builds a DATA frame. */
export function dataFrame(streamId: number, payload: Uint8Array, endStream = false): Buffer {
  return frame(FrameType.DATA, endStream ? Flag.END_STREAM : 0, streamId, payload);
}

/** Builds a HEADERS frame that carries its whole block. */
export function headersFrame(streamId: number, block: Uint8Array, endStream = false): Buffer {
  return frame(
    FrameType.HEADERS,
    Flag.END_HEADERS | (endStream ? Flag.END_STREAM : 0),
    streamId,
    block,
  );
}

/** Encodes an HPACK integer with a prefix of `bits` bits, RFC 7541 §5.1. */
export function hpackInteger(value: number, bits: number, first = 0): Buffer {
  const limit = 2 ** bits - 1;
  if (value < limit) return Buffer.from([first | value]);
  const bytes = [first | limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function hpackString(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([hpackInteger(bytes.length, 7), bytes]);
}

/** Encodes one header field as a literal; `indexed` puts it into the peer's dynamic table. */
export function literal(name: string, value: string, indexed = false): Buffer {
  return Buffer.concat([
    Buffer.from([indexed ? 0x40 : 0x00]),
    hpackString(name),
    hpackString(value),
  ]);
}

/** Encodes a header list as literals without indexing, in the order given. */
export function headerBlock(fields: Iterable<readonly [string, string]>): Buffer {
  return Buffer.concat(Array.from(fields, ([name, value]) => literal(name, value)));
}

/** The header block of a gRPC request for `path`, with `extra` fields after the usual ones. */
export function grpcRequestBlock(
  path: string,
  extra: Iterable<readonly [string, string]> = [],
): Buffer {
  return headerBlock([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...extra,
  ]);
}

/** One gRPC length-prefixed message. */
export function grpcMessage(payload: Uint8Array, compressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed ? 1 : 0;
  prefix.writeUInt32BE(payload.length, 1);
  return Buffer.concat([prefix, payload]);
}

/** Splits a byte stream into frames; give it chunks of any size. */
export class RawFrameReader {
  private pending: Buffer = Buffer.alloc(0);

  /** Returns the frames which `chunk` completes. */
  push(chunk: Buffer): RawFrame[] {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    const frames: RawFrame[] = [];
    let offset = 0;
    while (this.pending.length - offset >= 9) {
      const length = this.pending.readUIntBE(offset, 3);
      if (this.pending.length - offset - 9 < length) break;
      frames.push({
        type: this.pending.readUInt8(offset + 3),
        flags: this.pending.readUInt8(offset + 4),
        streamId: this.pending.readUInt32BE(offset + 5) & 0x7fffffff,
        payload: this.pending.subarray(offset + 9, offset + 9 + length),
      });
      offset += 9 + length;
    }
    this.pending = this.pending.subarray(offset);
    return frames;
  }
}
