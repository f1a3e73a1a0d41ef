import { availableParallelism } from "node:os";
import {
  ConfigError,
  defineSidecar,
  packageVersion,
  publishedSchema,
  type ConfigFindings,
} from "@layotto/sidecar-kit";
import { readSettings } from "./config/read-settings.ts";
import type { WasmSettings } from "./config/settings.ts";
import { canSuspend } from "./engine.ts";
import { extensionService } from "./extension/extension-service.ts";
import { WasmProcess } from "./wasm-process.ts";

/**
 * Largest question about a call, bytes: any message that gateway and mesh let through, with its headers. What did not fit
 * would pass by hooks that are open when they fail.
 */
const maxMessageBytes = 67_108_864;

/** Functions and plug-ins in WebAssembly. */
export const wasmHost = defineSidecar({
  name: "wasm-host",
  capability: "wasm",
  version: packageVersion(import.meta.url),
  sections: ["wasm"],
  config: () => import("./config.ts").then((module) => module.config),
  check: (config): Promise<ConfigFindings> =>
    import("./config/read-settings.ts").then((module) => module.checkSettings(config)),
  schema: publishedSchema(import.meta.url),
  // `sidecar.v1.Extension` is for gateway and mesh alone: an application is told nothing of it.
  methods: [],
  create(context) {
    const read = (config: typeof context.config): WasmSettings => {
      return checked(readSettings(config, { cpus: availableParallelism() }));
    };
    const host = WasmProcess.create(read(context.config), context);
    return {
      components: [host.group],
      maxMessageBytes,
      services: [extensionService((...call) => host.open(...call))],
      reload: (config) => host.reload(read(config)),
      info: () => host.info(),
      pages: { wasm: () => host.page() },
      drain: (graceMs) => host.drain(graceMs),
      close: () => host.close(),
    };
  },
});

/** @throws ConfigError this Node.js has not what the configuration asks for */
function checked(settings: WasmSettings): WasmSettings {
  if (settings.hostCalls !== "jspi" || canSuspend()) return settings;
  const message = `needs Node.js 24 or newer, this is ${process.version}: use "auto"`;
  throw new ConfigError("the section wasm", [{ path: ["wasm", "host_calls"], message }]);
}
