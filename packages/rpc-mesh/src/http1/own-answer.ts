import { STATUS_CODES } from "node:http";
import type { MeshFailure } from "../call/failure.ts";
import type { Head } from "./head.ts";
import type { Target } from "./target.ts";
import { append, appendText } from "./write.ts";
import { connectionLine } from "./write-response.ts";

/** An answer of the mesh's own. */
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

/** Header that says that the mesh answers, not the host, and why. */
const FAILURE_HEADER = "x-mesh-failure";

/** The answer to a call that failed in the mesh: JSON for those who ask for it, one line of text for others. */
export function failureAnswer(failure: MeshFailure, request: Head | undefined): OwnAnswer {
  const { reason, message, status } = failure;
  const json = request?.header("accept")?.includes("json") ?? false;
  const text = json ? JSON.stringify({ reason, message }) : `${message}\n`;
  return {
    status,
    lines: `${FAILURE_HEADER}: ${reason}\r\n${contentType(json ? "application/json" : "text/plain; charset=utf-8")}`,
    body: Buffer.from(text),
  };
} // prettier-ignore

/** The answer to what is no proper request. */
export function refusal(status: number, message: string): OwnAnswer {
  const lines = contentType("text/plain; charset=utf-8");
  return { status, lines, body: Buffer.from(`${message}\n`) };
}

/** An answer that the configuration gives. */
export function configuredAnswer(status: number, body: string): OwnAnswer {
  const lines = body === "" ? "" : contentType("text/plain; charset=utf-8");
  return { status, lines, body: Buffer.from(body) };
}

export function appendOwnAnswer(target: Target, answer: OwnAnswer, to: OwnAnswerTo): void {
  const { status, lines, body } = answer;
  const bodiless = status === 204 || status === 304;
  const length = bodiless ? "" : `content-length: ${body.length}\r\n`;
  const reason = STATUS_CODES[status] ?? "";
  const date = `date: ${new Date().toUTCString()}\r\n`;
  const rest = `${date}${lines}${length}${connectionLine(to)}`;
  appendText(target, `HTTP/1.1 ${status} ${reason}\r\n${rest}\r\n`);
  if (!to.headOnly && !bodiless) append(target, body, 0, body.length);
}

function contentType(type: string): string {
  return `content-type: ${type}\r\n`;
}
