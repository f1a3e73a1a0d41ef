import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { type Client, client, serve } from "@layotto/sidecar-kit";
import { fakeServer, testContext } from "@layotto/sidecar-kit/testing";
import { config } from "../config.ts";
import { stateSidecar } from "../sidecar.ts";

/** The sidecar in this process, called through its codecs but without a network. */
export interface StartedSidecar {
  readonly runtime: Client<typeof Runtime.method>;
  close(): Promise<void>;
}

/** Starts the sidecar with these sections. */
export async function startSidecar(
  sections: Record<string, unknown>,
  context: { appId?: string; dataDir?: string } = {},
): Promise<StartedSidecar> {
  const process = testContext({ ...context, schema: stateSidecar.schema });
  const parts = await stateSidecar.create({ ...process, config: config.parse(sections) });
  for (const group of parts.components) {
    const faults = await group.prepare();
    if (faults.length > 0) throw new Error(JSON.stringify(faults));
    group.open();
    await group.opened();
  }
  const server = fakeServer();
  serve(server, parts.services, process);
  return {
    runtime: client(Runtime, server.channel),
    close: async () => {
      await parts.close?.();
      for (const group of parts.components) await group.close();
    },
  };
}
