import type { Socket } from "node:net";
import { ErrorCode, PREFACE } from "../frame/constants.ts";
import { ConnectionError } from "./connection-error.ts";

const HTTP1_REQUEST = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH) /;
const LONGEST_METHOD = 8;

const body =
  "This port speaks gRPC over HTTP/2 without upgrade from HTTP/1.1. " +
  "Use a gRPC client, for example: grpcurl -plaintext HOST:PORT list\n";

/** What an HTTP/1.1 client is told. */
const HTTP1_ANSWER =
  "HTTP/1.1 505 HTTP Version Not Supported\r\n" +
  "content-type: text/plain; charset=utf-8\r\n" +
  `content-length: ${Buffer.byteLength(body)}\r\n` +
  "connection: close\r\n\r\n" +
  body;

/** Reads the client connection preface (RFC 9113 §3.4), in as many pieces as it comes. */
export class PrefaceReader {
  private matched = 0;
  private head = "";
  private answered = false;

  /**
   * Returns the offset after the preface, or -1 while it is incomplete or when the peer was answered in
   * HTTP/1.1.
   *
   * @throws {ConnectionError} PROTOCOL_ERROR when the peer speaks something else
   */
  read(buffer: Buffer, start: number, end: number, socket: Socket): number {
    if (this.answered) return -1;
    let offset = start;
    while (offset < end && this.matched < PREFACE.length) {
      if (this.head !== "" || buffer[offset] !== PREFACE[this.matched]) {
        this.head ||= PREFACE.toString("latin1", 0, this.matched);
        this.head += buffer.toString("latin1", offset, end);
        return this.mismatch(socket);
      }
      this.matched++;
      offset++;
    }
    return this.matched < PREFACE.length ? -1 : offset;
  }

  private mismatch(socket: Socket): number {
    const start = this.head.slice(0, LONGEST_METHOD);
    const undecided = start.length < LONGEST_METHOD && /^[A-Z]*$/.test(start);
    if (!HTTP1_REQUEST.test(start) && !undecided) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "invalid connection preface");
    }
    if (!undecided) {
      this.answered = true;
      socket.end(HTTP1_ANSWER, "latin1");
    }
    return -1;
  }
}
