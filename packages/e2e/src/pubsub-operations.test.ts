/** What operators see of publish and subscribe, on real processes. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import layotto from "layotto";
import { eventually, freePort } from "@layotto/sidecar-kit/testing";
import { bytes, paths, runtime } from "./harness/calls.ts";
import { type Layotto, startLayotto } from "./harness/layotto.ts";
import { Scope } from "./harness/scope.ts";
import { untilReady } from "./harness/wait.ts";
import { codecFor } from "@layotto/proto/codec";
import { PublishEventRequestSchema } from "@layotto/proto/spec/proto/runtime/v1/runtime";

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const pubsub = "orders";

describe("publish and subscribe for operators", () => {
  const scope = new Scope();
  let running: Layotto;
  let isFixed = false;
  const got: unknown[] = [];

  before(async () => {
    const port = await freePort();
    // The SDK's types want a whole console; it logs with these three only.
    const options = { logger: silent as unknown as Console };
    const app = new layotto.Server(String(port), undefined, options);
    const metadata = { deadLetterTopic: "failed", maxAttempts: "2", retryInterval: "1ms" };
    app.pubsub.addPubSubSubscription(pubsub, "created", metadata);
    app.pubsub.subscribe(pubsub, "created", async (data) => {
      if (!isFixed) throw new Error("not yet");
      got.push(data);
      return Promise.resolve();
    });
    await app.start();
    scope.defer(() => app.close());
    const config = {
      app: { app_id: "shop", grpc_callback_port: port },
      pub_subs: { [pubsub]: { type: "embedded" } },
    };
    running = scope.use(await startLayotto({ config }));
    await untilReady(running);
  });
  after(() => scope.close());

  const metrics = async () => (await fetch(`${running.actuator}/actuator/metrics`)).text();
  const count = async (event: string) => {
    const row = `layotto_pubsub_messages_total{[^}]*topic="created"[^}]*event="${event}"[^}]*} (\\d+)`;
    return Number(new RegExp(row).exec(await metrics())?.[1] ?? 0);
  };

  it("the answer of PublishEvent names the event and the message, through the gateway", async () => {
    const request = { pubsubName: pubsub, topic: "named", data: bytes("1") };
    const message = codecFor(PublishEventRequestSchema).encode(request);
    const { headers } = await running.client().unary(paths.publishEvent, message);
    assert.match(headers.get("layotto-event-id") ?? "", /^[0-9a-f-]{36}$/);
    assert.match(headers.get("layotto-message-id") ?? "", /^\d+$/);
  });

  it("counts what happens to messages, and dead letters can be seen and sent back", async () => {
    const api = runtime(running.client());
    const dataContentType = "application/json";
    const data = bytes('{"n":1}');
    await api.publishEvent({ pubsubName: pubsub, topic: "created", data, dataContentType });
    await eventually("the dead letter", async () => (await count("dead_lettered")) === 1);
    assert.equal(await count("published"), 1);
    assert.equal(await count("delivered"), 2);
    assert.equal(await count("retried"), 1);

    const peeked = await running.command("topics", "peek", pubsub, "failed", "--json");
    assert.equal(peeked.code, 0, peeked.stderr);
    assert.match(peeked.stdout, /"reason": "the app answered RETRY"/);
    isFixed = true;
    const redriven = await running.command("topics", "redrive", pubsub, "failed");
    assert.match(redriven.stdout, /redriven 1, skipped 0/);
    await eventually("the message", () => got.length === 1);
    assert.deepEqual(got, [{ n: 1 }]);
  });

  it("topics, status and the actuator show the subscription", async () => {
    const listed = await running.command("topics");
    assert.match(listed.stdout, /orders\s+created\s+shop\s+open\s+app/);
    const info = await (await fetch(`${running.actuator}/actuator/info`)).text();
    assert.match(info, /"subscription orders\/created":"group shop, app, open"/);
    const text = await metrics();
    for (const name of ["unsettled", "oldest_unacknowledged_seconds"])
      assert.match(text, new RegExp(`layotto_pubsub_${name}{[^}]*topic="created"`));
    const { stdout } = await running.command("status", "--json");
    assert.match(stdout, /"subscriptions"/);
  });
});
