import { STATUS_CODES } from "node:http";
import { dateLine } from "./clock.ts";
import type { Target } from "./target.ts";
import { append, appendText } from "./write.ts";

/** An answer of this process's own, whole. */
export interface OwnAnswer {
  readonly status: number;
  /** Header lines, each with its CRLF. */
  readonly lines: string;
  readonly body: Buffer;
}

/** How it is sent. */
export interface OwnAnswerTo {
  /** Minor version of the request; 1 when none was read. */
  readonly callerMinor: number;
  readonly close: boolean;
  /** The request was HEAD: the body is announced, not sent. */
  readonly headOnly: boolean;
}

/** The answer to what is no proper request: one line of text. */
export function refusal(status: number, message: string): OwnAnswer {
  const lines = "content-type: text/plain; charset=utf-8\r\n";
  return { status, lines, body: Buffer.from(`${message}\n`) };
}

/** Writes an answer with its date and its length (RFC 9110 §6.6.1, §8.6). */
export function appendOwnAnswer(target: Target, answer: OwnAnswer, to: OwnAnswerTo): void {
  const { status, lines, body } = answer;
  const bodiless = hasNoBody(status);
  const length = bodiless ? "" : `content-length: ${body.length}\r\n`;
  const rest = `${dateLine()}${lines}${length}${connectionLine(to)}`;
  appendText(target, `${statusLine(status)}${rest}\r\n`);
  if (!to.headOnly && !bodiless) append(target, body, 0, body.length);
}

/** The first line of an answer, with its CRLF. */
export function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
}

/** Whether an answer with this status has no body whatever was asked (RFC 9112 §6.3). */
export function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** What the caller is told about the connection; HTTP/1.1 stays open without a word. */
export function connectionLine(to: Pick<OwnAnswerTo, "callerMinor" | "close">): string {
  if (to.close) return "connection: close\r\n";
  return to.callerMinor === 0 ? "connection: keep-alive\r\n" : "";
}
