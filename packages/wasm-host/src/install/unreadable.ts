import { WasmError } from "../errors.ts";

const words: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was closed",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "its host cannot be looked up at present",
  UND_ERR_CONNECT_TIMEOUT: "the connection took too long",
  UND_ERR_HEADERS_TIMEOUT: "the answer took too long",
  UND_ERR_BODY_TIMEOUT: "the answer stalled",
};

/**
 * The refusal of what cannot be read; a refusal that has its own words stays as it is.
 *
 * @param status for HTTP callers. Default 400 if whoever gave the order can do something about it, 502 otherwise
 */
export function unreadable(
  what: string,
  cause: unknown,
  status = isOurs(cause) ? 400 : 502,
): WasmError {
  if (cause instanceof WasmError) return cause;
  const message = `cannot read ${JSON.stringify(what)}: ${reasonOf(cause)}`;
  return new WasmError("SOURCE_UNREADABLE", status, message, { cause });
}

function isOurs(cause: unknown): boolean {
  return ["ENOENT", "EACCES", "EISDIR", undefined].includes(codeOf(cause));
}

function reasonOf(cause: unknown): string {
  const known = words[codeOf(cause) ?? ""];
  if (known !== undefined) return known;
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n", 1)[0] ?? "";
}

function codeOf(cause: unknown): string | undefined {
  const code: unknown = Reflect.get(Object(cause), "code");
  if (typeof code === "string") return code;
  // One per address that was tried.
  const errors: unknown = Reflect.get(Object(cause), "errors");
  return Array.isArray(errors) ? codeOf(errors[0]) : undefined;
}
