import { at, Octet } from "./chars.ts";
import { Framing, type Head } from "./head.ts";
import { Http1Error, malformed } from "./http1-error.ts";
import { equalsName, Field } from "./known-fields.ts";

/** More digits would leave the integers that are exact. */
const MAX_LENGTH_DIGITS = 15;

/**
 * Decides how the body of a request is delimited (RFC 9112 §6.3). Every ambiguity is refused: both fields, one of them
 * twice, lists of lengths, codings other than chunked, Transfer-Encoding in HTTP/1.0.
 */
export function requestFraming(head: Head): void {
  if ((head.seen & (Field.TRANSFER_ENCODING | Field.CONTENT_LENGTH)) === 0) {
    head.framing = Framing.NONE;
    return;
  }
  if ((head.seen & Field.TRANSFER_ENCODING) !== 0) checkChunked(head, 501);
  else readLength(head);
}

/** Decides how the body of an answer to `method` is delimited (RFC 9112 §6.3); as strict as for requests. */
export function responseFraming(head: Head, method: string): void {
  const { status } = head;
  if ((head.seen & Field.TRANSFER_ENCODING) !== 0) checkChunked(head, 502);
  else if ((head.seen & Field.CONTENT_LENGTH) !== 0) readLength(head);
  else head.framing = Framing.CLOSE;
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) {
    head.framing = Framing.NONE;
  }
}

function checkChunked(head: Head, unknownCoding: number): void {
  if ((head.seen & Field.CONTENT_LENGTH) !== 0) {
    throw malformed("both Transfer-Encoding and Content-Length");
  }
  if (head.minor === 0) throw malformed("Transfer-Encoding in HTTP/1.0");
  if ((head.repeated & Field.TRANSFER_ENCODING) !== 0) {
    throw malformed("more than one Transfer-Encoding");
  }
  const index = head.indexOf(Field.TRANSFER_ENCODING);
  if (!equalsName(head.buffer, head.valueStart(index), head.valueEnd(index), "chunked")) {
    throw new Http1Error(unknownCoding, "a Transfer-Encoding other than chunked");
  }
  head.framing = Framing.CHUNKED;
}

function readLength(head: Head): void {
  if ((head.repeated & Field.CONTENT_LENGTH) !== 0) throw malformed("more than one Content-Length");
  const index = head.indexOf(Field.CONTENT_LENGTH);
  const start = head.valueStart(index);
  const end = head.valueEnd(index);
  if (end === start || end - start > MAX_LENGTH_DIGITS)
    throw malformed("a malformed Content-Length");
  let length = 0;
  for (let i = start; i < end; i++) {
    const digit = at(head.buffer, i) - Octet.ZERO;
    if (digit < 0 || digit > 9) throw malformed("a malformed Content-Length");
    length = length * 10 + digit;
  }
  head.contentLength = length;
  head.framing = length === 0 ? Framing.NONE : Framing.LENGTH;
}
