// Clients of a server that says what the test tells it to.
import type { TestContext } from "node:test";
import { GrpcClient, type ClientOptions } from "../client.ts";
import { GrpcError } from "../grpc-error.ts";
import { ScriptedServer } from "./scripted-server.ts";
import type { StatusCode } from "../status.ts";

/** A message. */
export const hi = Buffer.from("hi");
/** For `assert.rejects`: an error with this status, and a message like this. */
export const isStatus =
  (code: StatusCode, message = /./) =>
  (error: unknown): boolean =>
    error instanceof GrpcError && error.code === code && message.test(error.message);

/** A client, and the server that it will connect to; both end with the test. */
export async function scripted(
  t: TestContext,
  options: ClientOptions = {},
  settings = [] as [number, number][],
) {
  const server = new ScriptedServer();
  server.settings = settings;
  const port = await server.listen();
  const client = new GrpcClient({ host: "127.0.0.1", port }, { backoffMs: 5, ...options });
  t.after(async () => {
    await client.close();
    server.close();
  });
  return { server, client, port };
}
