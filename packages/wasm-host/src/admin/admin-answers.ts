import type { OwnAnswer, WholeAnswer } from "@layotto/http1";
import { WasmError, type WasmReason } from "../errors.ts";

const json = ["content-type", "application/json"];

/** What Layotto answers with 500 and nothing but a text. */
const layottoTexts: ReadonlySet<string> = new Set([
  "invalid request body",
  "unexpected end of JSON input",
  "can't get name property",
  "nil vm config",
  "plugin not found",
  "can't get instance_num property",
  "instance_num should be greater than 0",
]);

/** An order was carried out. */
export const done: WholeAnswer = { status: 200, headers: [], body: Buffer.alloc(0) };

/** There is nothing at this path; Layotto has no body here either. */
export const nothingHere: WholeAnswer = { status: 404, headers: [], body: Buffer.alloc(0) };

export function jsonAnswer(value: unknown): WholeAnswer {
  return { status: 200, headers: json, body: Buffer.from(JSON.stringify(value)) };
}

/** Why an order was not carried out: as Layotto says it, where it does; otherwise with status and reason. */
export function refusalAnswer(error: unknown): WholeAnswer {
  const { status, ...body } = refusalOf(error);
  const headers = status === 401 ? [...json, "www-authenticate", "Bearer"] : json;
  return { status, headers, body: Buffer.from(JSON.stringify(body)) };
}

const ownReasons: Readonly<Record<number, WasmReason>> = { 413: "INVALID_BODY", 503: "TOO_MANY" };

/** An answer of the server below, e.g. to an order that is too large. */
export function ownAnswer(status: number, error: string): OwnAnswer {
  const body = Buffer.from(JSON.stringify({ error, reason: ownReasons[status] ?? "INTERNAL" }));
  return { status, lines: "content-type: application/json\r\n", body };
}

function refusalOf(error: unknown): { status: number; error: string; reason?: string } {
  if (!(error instanceof WasmError)) {
    return { status: 500, error: "the order failed: see the log", reason: "INTERNAL" };
  }
  const { reason, message, status } = error;
  const isLayottos =
    layottoTexts.has(message) || reason === "NAME_TAKEN" || reason === "NOT_REGISTERED";
  return isLayottos ? { status: 500, error: message } : { status, error: message, reason };
}
