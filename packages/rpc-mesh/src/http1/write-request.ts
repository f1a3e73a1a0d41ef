import {
  append,
  appendFields,
  appendText,
  consistsOf,
  Field,
  Framing,
  type Head,
  HOP_FIELDS,
  isAuthority,
  isTarget,
  namesToDrop,
  type Target,
} from "@layotto/http1";
import type { Changes } from "./header-changes.ts";

/** What the next hop is told about the one before. */
export interface ForwardedBy {
  /** Address of the caller; empty on unix sockets. */
  readonly peerAddress: string;
  readonly scheme: string;
  /** The two header lines for requests that have neither yet. */
  readonly lines: Buffer;
}

/** Where and how a request goes on. */
export interface ForwardedRequest {
  readonly path: string;
  /** Host header; empty: none was given and none is wanted. */
  readonly authority: string;
  /** The request asks for another protocol and may get it. */
  readonly upgrade: boolean;
  readonly changes: Changes;
  readonly by: ForwardedBy;
}

const DROPPED = HOP_FIELDS | Field.PROXY_AUTHORIZATION;
const FORWARDED = Field.FORWARDED_FOR | Field.FORWARDED_PROTO;
const chunkedLine = "transfer-encoding: chunked\r\n";

/** Writes the head of a request as it goes on to a host: same lines, but for what belongs to this hop. */
export function appendRequestHead(target: Target, head: Head, request: ForwardedRequest): void {
  const { path, authority, upgrade, changes, by } = request;
  appendRequestLine(target, head, path);
  let drop = DROPPED;
  if (head.minor === 0) drop |= Field.EXPECT;
  const sameHost =
    head.originForm && authority === head.authority && (head.seen & Field.HOST) !== 0;
  if (!sameHost) {
    drop |= Field.HOST;
    appendText(target, `host: ${consistsOf(authority, isAuthority) ? authority : ""}\r\n`);
  }
  const names = namesToDrop(head, changes.remove);
  const fresh = (head.seen & FORWARDED) === 0 && changes.remove === undefined;
  if (!fresh) drop |= FORWARDED;
  appendFields(target, head, drop, names);
  if (fresh) append(target, by.lines, 0, by.lines.length);
  else appendText(target, forwardedLines(head, changes, by));
  let rest = changes.add;
  if (head.framing === Framing.CHUNKED) rest += chunkedLine;
  if (upgrade) rest += `connection: upgrade\r\nupgrade: ${head.known(Field.UPGRADE) ?? ""}\r\n`;
  appendText(target, `${rest}\r\n`);
}

/** The lines that say for whom a request is forwarded, when nothing was said before. */
export function forwardedBy(peerAddress: string, scheme: string): ForwardedBy {
  const forLine = peerAddress === "" ? "" : `x-forwarded-for: ${peerAddress}\r\n`;
  const lines = Buffer.from(`${forLine}x-forwarded-proto: ${scheme}\r\n`, "latin1");
  return { peerAddress, scheme, lines };
}

function forwardedLines(head: Head, { remove }: Changes, by: ForwardedBy): string {
  const before = remove?.has("x-forwarded-for") ? undefined : head.header("x-forwarded-for");
  const proto = remove?.has("x-forwarded-proto") ? undefined : head.known(Field.FORWARDED_PROTO);
  const chain = [before ?? "", by.peerAddress].filter((each) => each !== "").join(", ");
  const forLine = chain === "" ? "" : `x-forwarded-for: ${chain}\r\n`;
  return `${forLine}x-forwarded-proto: ${proto ?? by.scheme}\r\n`;
}

function appendRequestLine(target: Target, head: Head, path: string): void {
  if (path === head.path && head.originForm && head.minor === 1 && isPlainLine(head)) {
    return append(target, head.buffer, head.base, head.base + head.fieldsStart);
  }
  appendText(target, `${head.method} ${safePath(path)} HTTP/1.1\r\n`);
}

/** Minor versions above 1 are read as 1.1 and not passed on. */
function isPlainLine(head: Head): boolean {
  return head.buffer[head.base + head.fieldsStart - 3] === 0x31;
}

/** A rewrite can make what must not stand in a request line. */
function safePath(path: string): string {
  if (consistsOf(path, isTarget) && path !== "") return path;
  const escaped = [...Buffer.from(path)].map((octet) =>
    isTarget[octet] === 1 ? String.fromCharCode(octet) : `%${octet.toString(16).padStart(2, "0")}`,
  );
  return escaped.length === 0 ? "/" : escaped.join("");
}
