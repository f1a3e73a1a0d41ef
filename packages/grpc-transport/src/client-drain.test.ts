import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GrpcClient } from "./client.ts";
import { GrpcServer } from "./server.ts";
import { until } from "./testing/until.ts";
import { hi } from "./testing/scripted-client.ts";

describe("GrpcClient.drain", () => {
  test("lets calls under way end, those that wait too, and keeps no connection", async (t) => {
    const server = new GrpcServer({ limits: { maxConcurrentStreams: 2 } });
    t.after(() => server.close());
    const held: (() => void)[] = [];
    server.addUnary("/t.T/Hold", (call, message) => {
      const reply = Buffer.from(message);
      held.push(() => call.reply(reply));
    });
    const { port = 0 } = await server.listen({ host: "127.0.0.1", port: 0 });
    const client = new GrpcClient({ host: "127.0.0.1", port });
    t.after(() => client.close());
    const calls = [client.unary("/t.T/Hold", hi)];
    await until("the first", () => held.length === 1);
    calls.push(client.unary("/t.T/Hold", hi), client.unary("/t.T/Hold", hi));
    await until("the connection is full", () => held.length === 2);
    client.drain();
    for (const reply of held.splice(0)) reply();
    await until("the one that waited", () => held.length === 1);
    held[0]?.();
    await Promise.all(calls);
    await until("no connection stays", () => server.connections === 0);
  });

  test("ends at once what has no calls, also while it connects", async (t) => {
    const server = new GrpcServer();
    t.after(() => server.close());
    const { port = 0 } = await server.listen({ host: "127.0.0.1", port: 0 });
    const idle = new GrpcClient({ host: "127.0.0.1", port }, { persistent: true });
    idle.connect();
    await until("it is ready", () => idle.state === "ready");
    idle.drain();
    await until("no connection stays", () => server.connections === 0);
    const connecting = new GrpcClient({ host: "127.0.0.1", port });
    connecting.connect();
    connecting.drain();
    assert.equal(connecting.state, "closed");
  });
});
