import {
  defaultLimits,
  Field,
  Framing,
  hasNoBody,
  Head,
  headerLine,
  parseFields,
  parseRequest,
  parseResponse,
  statusLine,
  wantsUpgrade,
} from "@layotto/http1";
import { theirLines, valueOf } from "../call/changed-request.ts";

/** Lines of a head that a function has changed: more than a caller may send, as it may add some. */
const MAX_LINES = 200;

/** And their octets. */
const MAX_LINE_BYTES = 65_536;

/** The line that delimits the body as the head says now, with its CRLF; empty: there is none. */
export function bodyLine(head: Head): string {
  if (head.framing === Framing.CHUNKED) return "transfer-encoding: chunked\r\n";
  return (head.seen & Field.CONTENT_LENGTH) === 0 ? "" : lengthLine(head.contentLength);
}

/** The line for a body of so many octets. */
export function lengthLine(bytes: number): string {
  return `content-length: ${bytes}\r\n`;
}

/**
 * The head of a request with other headers. What belongs to the connection stays, and so does the verb.
 *
 * @param body the line that delimits the body
 * @param expects whether the caller's expectation is passed on
 * @throws Error when that is no request
 */
export function changedRequestHead(head: Head, headers: readonly string[], body: string, expects = true): Head {
  const path = valueOf(headers, ":path") ?? head.path;
  const authority = valueOf(headers, ":authority") ?? head.authority;
  let text = `${head.method} ${path} HTTP/1.${head.minor}\r\n`;
  if (authority !== "") text += `host: ${authority}\r\n`;
  text += linesOf(headers) + body;
  if (wantsUpgrade(head)) text += `connection: upgrade\r\nupgrade: ${head.known(Field.UPGRADE) ?? ""}\r\n`;
  if (expects && (head.seen & Field.EXPECT) !== 0) text += "expect: 100-continue\r\n";
  const buffer = Buffer.from(`${text}\r\n`, "latin1");
  const changed = new Head(buffer, MAX_LINES);
  parseRequest(changed, buffer, 0, buffer.length, defaultLimits);
  return changed;
} // prettier-ignore

/**
 * The head of an answer with other headers.
 *
 * @param method of the request
 * @param bytes octets of another body; undefined: it stays as it is
 * @throws Error when that is no answer
 */
export function changedResponseHead(head: Head, headers: readonly string[], method: string, bytes: number | undefined): Head {
  const status = Number(valueOf(headers, ":status") ?? head.status);
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new Error(`status ${status} must be 200 to 599`);
  const line = hasNoBody(status) || method === "HEAD" ? bodyLine(head) : lineFor(head, bytes);
  const text = `${statusLine(status)}${linesOf(headers)}${status === 204 ? "" : line}\r\n`;
  return answerHead(Buffer.from(text, "latin1"), method);
} // prettier-ignore

/** The line of an answer that has a body. What had none because of its status has none now either. */
function lineFor(head: Head, bytes: number | undefined): string {
  if (bytes !== undefined) return lengthLine(bytes);
  return head.framing === Framing.NONE ? lengthLine(0) : bodyLine(head);
}

/** The same head in memory of its own. */
export function copiedResponseHead(head: Head, method: string): Head {
  const { buffer, base, bytes } = head;
  return answerHead(Buffer.from(buffer.subarray(base, base + bytes)), method);
}

/** Trailer fields. @throws Error when they cannot be sent */
export function trailersOf(lines: readonly string[]): Head | undefined {
  const buffer = Buffer.from(`${linesOf(lines)}\r\n`, "latin1");
  const trailers = new Head(buffer, MAX_LINES);
  trailers.clear(buffer, 0);
  trailers.bytes = parseFields(trailers, buffer, 0, buffer.length);
  return trailers.count === 0 ? undefined : trailers;
}

function answerHead(buffer: Buffer, method: string): Head {
  const head = new Head(buffer, MAX_LINES);
  parseResponse(head, buffer, 0, buffer.length, method);
  return head;
}

function linesOf(headers: readonly string[]): string {
  const lines = theirLines(headers);
  let text = "";
  for (let i = 0; i < lines.length; i += 2) text += headerLine(lines[i] ?? "", lines[i + 1] ?? "");
  if (text.length > MAX_LINE_BYTES) throw new Error(`header lines of more than ${MAX_LINE_BYTES} octets`); // prettier-ignore
  return text;
}
