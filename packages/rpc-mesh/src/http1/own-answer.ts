import type { Head, OwnAnswer } from "@layotto/http1";
import type { MeshFailure } from "../call/failure.ts";

/** Header that says that the mesh answers, not the host, and why. */
const FAILURE_HEADER = "x-mesh-failure";
const TEXT = "content-type: text/plain; charset=utf-8\r\n";
const JSON_TYPE = "content-type: application/json\r\n";

/** The answer to a call that failed in the mesh: JSON for those who ask for it, one line of text for others. */
export function failureAnswer(failure: MeshFailure, request: Head | undefined): OwnAnswer {
  const { reason, message, status, answer } = failure;
  if (answer !== undefined) return { status, lines: linesOf(answer.headers), body: answer.body };
  const json = request?.header("accept")?.includes("json") ?? false;
  const text = json ? JSON.stringify({ reason, message }) : `${message}\n`;
  const lines = `${FAILURE_HEADER}: ${reason}\r\n${json ? JSON_TYPE : TEXT}`;
  return { status, lines, body: Buffer.from(text) };
}

/** An answer that the configuration gives. */
export function configuredAnswer(status: number, body: string): OwnAnswer {
  return { status, lines: body === "" ? "" : TEXT, body: Buffer.from(body) };
}

/** Header lines, each with its CRLF, of a list that was checked. */
function linesOf(headers: readonly string[]): string {
  let lines = "";
  for (let i = 0; i + 1 < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return lines;
}
