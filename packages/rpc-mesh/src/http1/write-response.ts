import {
  connectionLine,
  append,
  appendFields,
  appendText,
  Field,
  Framing,
  type Head,
  HOP_FIELDS,
  namesToDrop,
  type Target,
} from "@layotto/http1";
import type { Changes } from "./header-changes.ts";

/** How an answer goes on to the caller. */
export interface ForwardedResponse {
  /** Minor version of the request. */
  readonly callerMinor: number;
  /** The connection ends with this answer. */
  readonly close: boolean;
  readonly changes: Changes;
}

/** How the body of an answer is framed towards a caller: HTTP/1.0 knows no chunks. */
export function framingTo(callerMinor: number, head: Head): number {
  if (head.framing === Framing.CLOSE || head.framing === Framing.CHUNKED) {
    return callerMinor === 0 ? Framing.CLOSE : Framing.CHUNKED;
  }
  return head.framing;
}

/** Writes the head of an answer as it goes on to the caller: same lines, but for what belongs to this hop. */
export function appendResponseHead(target: Target, head: Head, how: ForwardedResponse): void {
  appendStatusLine(target, head);
  const { status } = head;
  const { changes, callerMinor } = how;
  let drop: number = HOP_FIELDS;
  if (status < 200 || status === 204) drop |= Field.CONTENT_LENGTH;
  if (framingTo(callerMinor, head) !== Framing.CHUNKED) drop |= Field.TRAILER;
  appendFields(target, head, drop, namesToDrop(head, changes.remove));
  let rest = changes.add;
  if (framingTo(callerMinor, head) === Framing.CHUNKED) rest += "transfer-encoding: chunked\r\n";
  if (status === 101)
    rest += `connection: upgrade\r\nupgrade: ${head.known(Field.UPGRADE) ?? ""}\r\n`;
  else if (status >= 200) rest += connectionLine(how);
  appendText(target, `${rest}\r\n`);
}

function appendStatusLine(target: Target, head: Head): void {
  const { buffer, base, fieldsStart } = head;
  // Our own version, whatever that of the host (RFC 9110 §2.5).
  if (head.minor === 1 && buffer[base + 7] === 0x31) return append(target, buffer, base, base + fieldsStart);
  appendText(target, "HTTP/1.1");
  append(target, buffer, base + 8, base + fieldsStart);
} // prettier-ignore
