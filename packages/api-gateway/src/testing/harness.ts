import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { GrpcClient, type CallOptions } from "@layotto/grpc-transport";
import { createLogger } from "@layotto/sidecar-kit";
import { eventually, tempDir } from "@layotto/sidecar-kit/testing";

import { createGateway, type Gateway, type GatewayOptions } from "../gateway.ts";
import { gatewaySettings } from "../settings.ts";
import { FakeSidecar, type FakeSidecarOptions } from "./fake-sidecar.ts";

/** The method that {@link sidecar} serves unless told otherwise: it sends the message back. */
export const echo = "/t.S/Echo";

/** A message to send. */
export const hello = Buffer.from("hello");

/** A gateway that runs in this process, and a client of it. */
export interface Started {
  readonly gateway: Gateway;
  readonly runDir: string;
  readonly lines: string[];
  readonly call: (path: string, options?: CallOptions, message?: Buffer) => Promise<Buffer>;
  readonly channel: GrpcClient;
  actuator(path: string): Promise<Response>;
}

/** Starts a gateway on free ports whose upstreams are the sockets `<name>.sock`. */
export async function start(
  t: TestContext,
  names: readonly string[],
  section: Record<string, unknown> = {},
  more: Partial<GatewayOptions> = {},
): Promise<Started> {
  const runDir = tempDir(t);
  const socket = (name: string): string => `unix:${join(runDir, `${name}.sock`)}`;
  const local = Object.fromEntries(names.map((name) => [name, { addresses: [socket(name)] }]));
  const free = { listen: "127.0.0.1:0", actuator: "127.0.0.1:0" };
  const { config, faults } = gatewaySettings({ ...free, upstreams: local, ...section });
  assert.ok(config, JSON.stringify(faults));
  const lines: string[] = [];
  const logger = createLogger({ name: "gateway", write: (text) => lines.push(text) });
  const gateway = createGateway({ config, logger, runDir, ...more });
  await gateway.start();
  t.after(() => gateway.close());
  const channel = connect(t, gateway.addresses[0] ?? "");
  const call: Started["call"] = async (path, options, message = hello) =>
    Buffer.from((await channel.unary(path, message, options)).message);
  const actuator = (path: string) => fetch(`http://${gateway.actuatorAddress}/actuator/${path}`);
  return { gateway, runDir, lines, call, channel, actuator };
}

/** A client that is closed when the test ends; the address is `host:port` or the path of a socket. */
export function connect(t: TestContext, address: string): GrpcClient {
  const [host = "", port] = address.split(":");
  const target = address.startsWith("/") ? { path: address } : { host, port: Number(port) };
  const channel = new GrpcClient(target);
  t.after(() => channel.close());
  return channel;
}

/** A sidecar on the socket `<name>.sock`. */
export async function sidecar(
  t: TestContext,
  runDir: string,
  name: string,
  options: Partial<FakeSidecarOptions> = {},
): Promise<FakeSidecar> {
  const methods = {
    [echo]: (call: { reply(m: Buffer): void }, message: Buffer) => call.reply(Buffer.from(message)),
  };
  const made = await new FakeSidecar({ methods, ...options }).listen(join(runDir, `${name}.sock`));
  t.after(() => made.kill());
  return made;
}

/** Waits until the gateway knows all its sidecars. */
export function ready({ upstreams }: Gateway): Promise<boolean> {
  return eventually("all upstreams ready", () => upstreams.every(({ state }) => state === "ready"));
}
