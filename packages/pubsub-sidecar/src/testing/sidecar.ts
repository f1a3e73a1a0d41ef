import { GrpcClient, GrpcServer } from "@layotto/grpc-transport";
import { DelayQueue } from "@layotto/proto/spec/proto/extension/v1/delay_queue/delay_queue";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { Topics } from "@layotto/proto/sidecar/v1/topics";
import { client, serve, systemClock, type Client, type SidecarParts } from "@layotto/sidecar-kit";
import { testContext, type TestContext } from "@layotto/sidecar-kit/testing";
import { config } from "../config.ts";
import { pubsubSidecar } from "../sidecar.ts";
import type { TestApp } from "./app.ts";

/** The sidecar in this process, on a socket of its own. */
export interface StartedSidecar {
  readonly runtime: Client<typeof Runtime.method>;
  readonly delayQueue: Client<typeof DelayQueue.method>;
  readonly topics: Client<typeof Topics.method>;
  readonly channel: GrpcClient;
  readonly parts: SidecarParts;
  readonly context: TestContext;
  drain(graceMs?: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts the sidecar with these sections, on the real clock. */
export async function startSidecar(
  sections: Record<string, unknown>,
  options: { app?: TestApp | undefined; dataDir?: string; appId?: string } = {},
): Promise<StartedSidecar> {
  const { app, ...part } = options;
  const callback = app === undefined ? undefined : { host: "127.0.0.1", port: app.port };
  const base = testContext({ ...part, callback, schema: pubsubSidecar.schema });
  const context = { ...base, clock: systemClock };
  const parts = await pubsubSidecar.create({ ...context, config: config.parse(sections) });
  const server = new GrpcServer();
  serve(server, parts.services, context);
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  for (const group of parts.components) {
    const faults = await group.prepare();
    if (faults.length > 0) throw new Error(JSON.stringify(faults));
    group.open();
  }
  parts.start?.();
  for (const group of parts.components) await group.opened();
  const channel = new GrpcClient({ host: "127.0.0.1", port: port ?? 0 });
  const drain = async (graceMs = 5000) => {
    await Promise.all([server.drain(graceMs), parts.drain?.(graceMs)]);
  };
  return {
    runtime: client(Runtime, channel),
    delayQueue: client(DelayQueue, channel),
    topics: client(Topics, channel),
    channel,
    parts,
    context: base,
    drain,
    close: async () => {
      await drain(0);
      await channel.close();
      await parts.close?.();
      for (const group of parts.components) await group.close();
    },
  };
}
