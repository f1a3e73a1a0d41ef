import { FrameReader } from "../frame-reader.ts";
import type { Frame, Wire } from "../wire.ts";

/** What a reader said. */
export interface Heard {
  /** Kind, id and bytes of each frame. */
  readonly frames: { kind: number; id: number; bytes: string }[];
  /** Lengths of frames that were refused. */
  readonly oversize: number[];
  /** Octets kept at the end. */
  held: number;
}

/** Feeds chunks as a socket does: through a buffer that is overwritten afterwards. */
export function readFrames<F extends Frame>(
  wire: Wire<F>,
  chunks: Iterable<Buffer>,
  maxBytes = 1 << 20,
): Heard {
  const heard: Heard = { frames: [], oversize: [], held: 0 };
  const sink = {
    closed: false,
    onFrame({ kind, id, buffer, start, end }: F): void {
      heard.frames.push({ kind, id, bytes: buffer.toString("hex", start, end) });
    },
    onOversize(_frame: F, length: number): void {
      heard.oversize.push(length);
    },
  };
  const reader = new FrameReader(wire, sink, maxBytes);
  for (const chunk of chunks) {
    const shared = Buffer.concat([Buffer.from("before"), chunk, Buffer.from("after")]);
    reader.feed(shared, 6, 6 + chunk.length);
    shared.fill(0xee);
  }
  heard.held = reader.heldBytes;
  return heard;
}

/** Cuts bytes into two parts at each place, and into single octets. */
export function* splits(bytes: Buffer): Generator<Buffer[]> {
  for (let at = 0; at <= bytes.length; at += 1) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield Array.from(bytes, (octet) => Buffer.from([octet]));
}

/** Cuts bytes into parts of these lengths; the last is what is left. */
export function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    parts.push(bytes.subarray(at, at + length));
    at = Math.min(bytes.length, at + length);
  }
  return [...parts, bytes.subarray(at)];
}

/** Damages bytes: octets changed, cut out, put in or repeated. */
export function mutate(bytes: Buffer, random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  let copy = Buffer.from(bytes);
  for (let left = 1 + below(4); left > 0 && copy.length > 0; left -= 1) {
    const at = below(copy.length);
    const how = below(6);
    if (how <= 2) copy[at] = how === 0 ? below(256) : (copy[at] ?? 0) ^ (1 << below(8));
    else if (how === 3)
      copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + below(8))]);
    else if (how === 4)
      copy = Buffer.concat([copy.subarray(0, at), Buffer.from([below(256)]), copy.subarray(at)]);
    else copy.fill(0xff, at, Math.min(copy.length, at + 1 + below(4)));
  }
  return copy;
}
