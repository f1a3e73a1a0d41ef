import { readModule } from "../admin/read-orders.ts";
import { readInstallBody, type BodyContext } from "../config/read-body.ts";
import type { FunctionSettings } from "../config/settings.ts";
import { WasmError } from "../errors.ts";
import { checkDigests } from "../install/check-digests.ts";
import type { OrderRecord } from "./order-file.ts";

/** Stands in the body where the source is, when the module itself comes along. */
const alongside = "module";

/** What an order to install a function says. */
export interface ReadOrder {
  /** Without sources when the module came along. */
  readonly settings: FunctionSettings;
  readonly module: Uint8Array | undefined;
}

/** Reads an order to install a function. @throws WasmError what is wrong with it */
export function readOrder({ body, baseDir }: OrderRecord, context: BodyContext): ReadOrder {
  const { module: text, ...rest } = body;
  if (text === undefined) {
    return { settings: readInstallBody(body, { ...context, baseDir }), module: undefined };
  }
  const module = readModule(text);
  if (rest["path"] !== undefined) {
    throw new WasmError("INVALID_BODY", 400, "path must not be given beside module: leave one out");
  }
  // Any other source in the body is one too many beside this path, and is reported as such.
  const settings = readInstallBody({ ...rest, path: alongside }, { ...context, baseDir });
  for (const { source } of settings.sources) checkDigests(module, source, alongside);
  return { settings: { ...settings, sources: [] }, module };
}
