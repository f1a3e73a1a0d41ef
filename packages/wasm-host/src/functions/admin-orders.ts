import { checkDigests } from "../install/check-digests.ts";
import { readInstallBody, readNameBody, readUpdateBody, type BodyContext } from "../config/read-body.ts"; // prettier-ignore
import { WasmError } from "../errors.ts";
import { readModule } from "../admin/read-orders.ts";
import type { AdminOrders } from "../admin/admin-server.ts";
import { listing } from "../observe/listing.ts";
import { figuresOf } from "../observe/stats.ts";
import type { Functions } from "./functions.ts";
import type { Installer } from "./installer.ts";

/** Stands in the body where the source is, when the module itself comes along. */
const alongside = "module";

/** The orders of the admin API, carried out. */
export function adminOrders(
  functions: Functions,
  installer: Installer,
  context: BodyContext,
): AdminOrders {
  const { directory } = functions;
  return {
    install: (body) => install(installer, body, context),
    update: async (body) => {
      const { name, instances } = readUpdateBody(body);
      await functions.resize(name, instances);
    },
    uninstall: async (body) => installer.uninstall(readNameBody(body)),
    rollback: ({ name, version }) => functions.rollback(name, version),
    weigh: ({ name, weights }) => functions.weigh(name, weights),
    list: () => listing(directory.all()),
    stats: () => figuresOf(directory.all()),
  };
}

async function install(
  installer: Installer,
  body: Record<string, unknown>,
  context: BodyContext,
): Promise<void> {
  const { module: text, ...rest } = body;
  if (text === undefined) return installer.install(readInstallBody(body, context));
  const module = readModule(text);
  if (rest["path"] !== undefined) {
    throw new WasmError("INVALID_BODY", 400, "path must not be given beside module: leave one out");
  }
  // Any other source in the body is one too many beside this path, and is reported as such.
  const settings = readInstallBody({ ...rest, path: alongside }, context);
  for (const { source } of settings.sources) checkDigests(module, source, alongside);
  await installer.install(settings, module);
}
