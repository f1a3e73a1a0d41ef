import { Status, type StatusCode } from "@layotto/sidecar-kit";

/** What a JSON-RPC 2.0 error is as a gRPC status. */
export interface JsonRpcError {
  readonly code: StatusCode;
  readonly facts: Record<string, string>;
}

const INTERNAL_FIRST = -32_099;
const INTERNAL_LAST = -32_000;

const codes = new Map<number, StatusCode>([
  [-32_700, Status.INVALID_ARGUMENT],
  [-32_600, Status.INVALID_ARGUMENT],
  [-32_602, Status.INVALID_ARGUMENT],
  [-32_601, Status.UNIMPLEMENTED],
  [-32_603, Status.INTERNAL],
]);

/**
 * Reads the error of a JSON-RPC answer (https://www.jsonrpc.org/specification §5.1; Dubbo sends it with status 500).
 * Undefined when the body is none.
 */
export function jsonRpcError(body: Buffer): JsonRpcError | undefined {
  const number = codeIn(body);
  if (number === undefined) return undefined;
  const isServer = number >= INTERNAL_FIRST && number <= INTERNAL_LAST;
  const code = codes.get(number) ?? (isServer ? Status.INTERNAL : Status.UNKNOWN);
  return { code, facts: { json_rpc_code: String(number) } };
}

function codeIn(body: Buffer): number | undefined {
  try {
    const { error } = Object(JSON.parse(body.toString("utf8"))) as { error?: unknown };
    const code: unknown = Object(error).code;
    return typeof code === "number" ? code : undefined;
  } catch {
    return undefined; // no JSON, so no JSON-RPC
  }
}
