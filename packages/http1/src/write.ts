import type { Output } from "@layotto/grpc-transport/socket";
import { appendFields } from "./forward-fields.ts";
import type { Head } from "./head.ts";
import { Field, fieldNamed } from "./known-fields.ts";
import type { Target } from "./target.ts";

/** Copied in pieces, so that the output's own buffers serve: larger ones would have to be made for each. */
const PIECE_BYTES = 16_384;
/** Octets that may wait for the kernel before the source is asked to pause. */
export const HIGH_WATER_BYTES = 262_144;

const finalChunk = Buffer.from("0\r\n\r\n", "latin1");

/** Adds octets to what is to be sent; they are copied. */
export function append(output: Target, buffer: Buffer, start: number, end: number): void {
  for (let from = start; from < end; from += PIECE_BYTES) {
    const to = Math.min(end, from + PIECE_BYTES);
    output.reserve(to - from);
    buffer.copy(output.buffer, output.position, from, to);
    output.position += to - from;
  }
}

/** Adds a text of characters up to U+00FF. */
export function appendText(output: Target, text: string): void {
  output.reserve(text.length);
  output.position += output.buffer.write(text, output.position, "latin1");
}

/** Adds octets as one chunk of a chunked body. An empty chunk would be the end: nothing is sent then. */
export function appendChunk(output: Target, buffer: Buffer, start: number, end: number): void {
  if (start === end) return;
  appendText(output, `${(end - start).toString(16)}\r\n`);
  append(output, buffer, start, end);
  appendText(output, "\r\n");
}

/** Fields that must not come after the body (RFC 9110 §6.5.1): they would change what was said before it. */
const NO_TRAILERS = 0xff_ff;
const noTrailers = new Set(["authorization", "content-encoding", "content-range", "content-type", "cookie", "date", "host", "location", "max-forwards", "set-cookie", "vary"]); // prettier-ignore

/** Whether a field, by its name in lower case, must not come after the body. */
export function isNoTrailer(name: string): boolean {
  return noTrailers.has(name) || fieldNamed(name) !== Field.OTHER;
}

/** Adds the end of a chunked body, with those trailers that may be passed on. */
export function appendFinalChunk(output: Target, trailers?: Head): void {
  if (trailers === undefined) return append(output, finalChunk, 0, finalChunk.length);
  appendText(output, "0\r\n");
  appendFields(output, trailers, NO_TRAILERS, noTrailers);
  appendText(output, "\r\n");
}

/** Whether so much waits that the source should pause. */
export function congested(output: Output): boolean {
  return output.backlog > HIGH_WATER_BYTES;
}
