import {
  eventually,
  skipWithout,
  startServer,
  temporaryDirectory,
  testComponentContext,
  type TestServer,
} from "@layotto/sidecar-kit/testing";
import { connect, type NatsConnection } from "nats";
import { natsMetadata } from "../metadata.ts";
import { nats } from "../nats.ts";
import type { PubSub } from "../../../component.ts";

/** Why tests with a real NATS cannot run here; false = they can. */
export const withoutNats = skipWithout("nats-server");

/** A nats-server with JetStream and data of its own. */
export interface NatsServer extends TestServer {
  /** Ends the server and removes its data. */
  end(): Promise<void>;
}

/** Starts a nats-server on a free port. */
export async function natsServer(...args: string[]): Promise<NatsServer> {
  const directory = temporaryDirectory();
  const { path } = directory;
  const server = await startServer({
    program: "nats-server",
    cwd: path,
    args: (port) => ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", path, ...args],
  });
  const end = async (): Promise<void> => {
    await server.stop();
    directory.remove();
  };
  // Its process changes with a restart, so it is asked for each time.
  return Object.assign(Object.create(server) as TestServer, { end });
}

/** Opens the component. */
export function openNats(address: string, metadata: Record<string, unknown> = {}): Promise<PubSub> {
  const parsed = natsMetadata.parse({ natsURL: address, ...metadata });
  return nats.open(parsed, testComponentContext());
}

/** Waits until a component is connected again. */
export async function connected(client: PubSub): Promise<void> {
  const { signal } = new AbortController();
  const ping = async (): Promise<boolean> =>
    (await client.ping?.(signal).then(
      () => true,
      () => false,
    )) ?? true;
  await eventually("a connection to nats", ping);
}

/** A client without anything of ours, to look at the server from outside. */
export function rawNats(address: string): Promise<NatsConnection> {
  return connect({ servers: address });
}
