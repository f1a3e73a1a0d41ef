import { readNameBody } from "../config/read-body.ts";
import { WasmError } from "../errors.ts";

/** Reads `{"name", "version"?}`. @throws WasmError */
export function readRollbackBody(body: Record<string, unknown>): {
  name: string;
  version?: number;
} {
  const name = readNameBody(body);
  const { version } = body;
  if (version === undefined) return { name };
  if (typeof version === "number" && Number.isSafeInteger(version) && version > 0) {
    return { name, version };
  }
  throw invalid("version must be a whole number above 0, as GET /wasm/list shows it");
}

/** Reads `{"name", "weights": [numbers]}`. @throws WasmError */
export function readWeightsBody(body: Record<string, unknown>): {
  name: string;
  weights: number[];
} {
  const name = readNameBody(body);
  const { weights } = body;
  if (Array.isArray(weights) && weights.every(isWeight)) return { name, weights };
  throw invalid("weights must be a list of numbers from 0 to 1000000, one for each active version");
}

/** Reads `module` of an order: the module itself, in base64. @throws WasmError */
export function readModule(text: unknown): Uint8Array {
  const isBase64 = typeof text === "string" && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  if (!isBase64) throw invalid("module must be the octets of a .wasm file in base64");
  return new Uint8Array(Buffer.from(text, "base64"));
}

function isWeight(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1_000_000;
}

function invalid(message: string): WasmError {
  return new WasmError("INVALID_BODY", 400, message);
}
