import { WasmError } from "../errors.ts";

/** Reads the JSON object of an order. @throws WasmError INVALID_BODY, in Layotto's words where it has any */
export function readJsonBody(bytes: Uint8Array): Record<string, unknown> {
  const text = new TextDecoder().decode(bytes);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new WasmError("INVALID_BODY", 500, isCut(text, error) ? cut : invalid);
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) {
    return body as Record<string, unknown>; // it came as JSON
  }
  throw new WasmError("INVALID_BODY", 500, invalid);
}

const invalid = "invalid request body";
const cut = "unexpected end of JSON input";

function isCut(text: string, error: unknown): boolean {
  if (text.trim() === "") return true;
  return /^(Unexpected end|Unterminated)/.test(error instanceof Error ? error.message : "");
}
