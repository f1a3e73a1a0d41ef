// A sidecar process that follows its configuration: for tests of that. It logs what it takes over, and listens on the
// socket `extra` when a supervisor hands one over.
import { createServer } from "node:net";
import { z } from "zod";
import { ConfigError } from "../config/fault.ts";
import { runSidecar } from "../run.ts";
import { defineSidecar } from "../sidecar.ts";

const schema = z.object({ things: z.record(z.string(), z.int()).optional() });

await runSidecar(
  defineSidecar({
    name: "reloading-sidecar",
    capability: "reloading",
    version: "1.0.0",
    sections: ["things"],
    config: schema,
    methods: [],
    check: ({ things = {} }) => ({
      faults: Object.entries(things)
        .filter(([, value]) => value > 9)
        .map(([name]) => ({ path: ["things", name], message: "must be at most 9" })),
      warnings: [],
    }),
    create: ({ config, logger, listener, clock }) => {
      logger.info({ things: config.things }, "created");
      void listener("extra")?.then((handle) => {
        createServer((socket) => socket.end("extra")).listen(handle);
      });
      return {
        components: [],
        services: [],
        reload: async ({ things }) => {
          // As long as a real one might take: further changes must wait.
          await new Promise<void>((resolve) => void clock.after(20, resolve));
          if (things?.["refused"] !== undefined) {
            throw new ConfigError("here", [{ path: ["things", "refused"], message: "is refused" }]);
          }
          if (things?.["broken"] !== undefined) throw new Error("broken");
          logger.info({ things }, "reloaded");
        },
      };
    },
  }),
);
