import { type LoggerRoot, Metrics, systemClock } from "@layotto/sidecar-kit";
import { parseAddress } from "@layotto/sidecar-kit/process";
import { connectRuntime } from "@layotto/sidecar-kit/runtime";
import { createHostServices } from "../../host/host-services.ts";
import type { GuestHost } from "../../model/guest-host.ts";
import { messageOf, usageError } from "../tool-error.ts";

/** Host services of one run. */
export interface LocalHost extends GuestHost {
  close(): Promise<void>;
}

/** Serves a guest as wasm-host does, with a gateway somewhere. @throws ToolError the address is none */
export function localHost(gateway: string, logger: LoggerRoot): LocalHost {
  const runtime = connectRuntime({ runDir: "" }, addressOf(gateway));
  const services = createHostServices({
    runtime,
    appId: "",
    outbound: {},
    invokeLocal: () => false,
    metrics: new Metrics(),
    logger,
    clock: systemClock,
  });
  return {
    handle: services.handle,
    release: services.release,
    async close() {
      await Promise.all([services.close(), runtime.close()]);
    },
  };
}

function addressOf(text: string): ReturnType<typeof parseAddress> {
  try {
    return parseAddress(text);
  } catch (error) {
    throw usageError("run", `--gateway: ${messageOf(error)}`);
  }
}
