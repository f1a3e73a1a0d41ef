import { readNameBody, readUpdateBody, type BodyContext } from "../config/read-body.ts";
import type { AdminOrders } from "../admin/admin-server.ts";
import { listing } from "../observe/listing.ts";
import { figuresOf } from "../observe/stats.ts";
import type { Functions } from "./functions.ts";
import type { Installer } from "./installer.ts";
import { readOrder } from "./read-order.ts";

/** The orders of the admin API, carried out. */
export function adminOrders(
  functions: Functions,
  installer: Installer,
  context: BodyContext,
): AdminOrders {
  const { directory } = functions;
  return {
    install: async (body) => {
      const record = { body, baseDir: context.baseDir ?? process.cwd() };
      const { settings, module } = readOrder(record, context);
      await installer.install(settings, record, module);
    },
    update: async (body) => {
      const { name, instances } = readUpdateBody(body);
      await installer.resize(name, instances);
    },
    uninstall: async (body) => installer.uninstall(readNameBody(body)),
    rollback: ({ name, version }) => functions.rollback(name, version),
    weigh: ({ name, weights }) => functions.weigh(name, weights),
    list: () => listing(directory.all()),
    stats: () => figuresOf(directory.all()),
  };
}
