import { dateLine } from "./clock.ts";
import { fieldNamed, Field } from "./known-fields.ts";
import { connectionLine, hasNoBody, statusLine, type OwnAnswerTo } from "./own-answer.ts";
import { headerLine, UnsafeHeadError } from "./request-head.ts";
import type { Target } from "./target.ts";
import type { WholeAnswer } from "./whole-request.ts";
import { append, appendChunk, appendText, isNoTrailer } from "./write.ts";

/** Fields that are ours to say, or end at the hop before. */
const DROPPED =
  Field.CONNECTION |
  Field.CONTENT_LENGTH |
  Field.TRANSFER_ENCODING |
  Field.UPGRADE |
  Field.TE |
  Field.KEEP_ALIVE |
  Field.PROXY_CONNECTION |
  Field.TRAILER |
  Field.HTTP2_SETTINGS;
const NOTHING: readonly string[] = [];

/** The head of an answer, checked. */
export interface WholeHead {
  readonly status: number;
  /** Header lines, each with its CRLF. */
  readonly lines: string;
  /** Trailer lines, each with its CRLF. */
  readonly trailers: string;
}

/**
 * Makes the lines of an answer.
 *
 * @throws {UnsafeHeadError} naming what cannot be sent
 */
export function wholeHead({ status, headers, trailers = NOTHING }: WholeAnswer): WholeHead {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new UnsafeHeadError(`Cannot send status ${status}: it must be 200 to 599`);
  }
  let lines = "";
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    if (!isOurs(name)) lines += headerLine(name, headers[i + 1] ?? "");
  }
  return { status, lines, trailers: trailers.length === 0 ? "" : trailerLines(trailers) };
}

/** Writes an answer, framed by its length or, with trailers, in one chunk. */
export function appendWhole(
  target: Target,
  head: WholeHead,
  body: Uint8Array,
  to: OwnAnswerTo,
): void {
  const { status, lines, trailers } = head;
  const bodiless = hasNoBody(status);
  const chunked = trailers !== "" && to.callerMinor > 0 && !bodiless && !to.headOnly;
  let framing = "";
  if (chunked) framing = "transfer-encoding: chunked\r\n";
  else if (!bodiless) framing = `content-length: ${body.length}\r\n`;
  appendText(target, `${statusLine(status)}${dateLine()}${lines}${framing}${connectionLine(to)}\r\n`); // prettier-ignore
  if (to.headOnly || bodiless) return;
  const bytes = asBuffer(body);
  if (!chunked) return append(target, bytes, 0, bytes.length);
  appendChunk(target, bytes, 0, bytes.length);
  appendText(target, `0\r\n${trailers}\r\n`);
}

function trailerLines(trailers: readonly string[]): string {
  let lines = "";
  for (let i = 0; i + 1 < trailers.length; i += 2) {
    const name = trailers[i] ?? "";
    if (!isOurs(name) && !isNoTrailer(name.toLowerCase())) {
      lines += headerLine(name, trailers[i + 1] ?? "");
    }
  }
  return lines;
}

function isOurs(name: string): boolean {
  if (name.charCodeAt(0) === 0x3a) return true;
  const lower = name.toLowerCase();
  return lower === "date" || (fieldNamed(lower) & DROPPED) !== 0;
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
