import { WasmError } from "../errors.ts";
import { gather } from "../gather.ts";

/**
 * Collects chunks and stops as soon as they are more than allowed.
 *
 * @param what for the error, e.g. `"/functions/a.wasm"`
 * @param known how many octets will come, if that was announced
 * @throws WasmError MODULE_TOO_LARGE
 */
export async function readLimited(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  what: string,
  known?: number,
): Promise<Uint8Array> {
  if (known !== undefined && known > maxBytes) throw tooLarge(what, maxBytes);
  return await gather(chunks, maxBytes, () => tooLarge(what, maxBytes));
}

/** The refusal of what is larger than allowed. */
export function tooLarge(what: string, maxBytes: number): WasmError {
  const message = `${JSON.stringify(what)} is larger than ${maxBytes} octets: make it smaller or raise max_module_bytes`;
  return new WasmError("MODULE_TOO_LARGE", 413, message);
}
