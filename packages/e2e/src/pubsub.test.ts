/** Publish and subscribe as an app does it: the npm package `layotto`, unchanged, against real processes. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import layotto from "layotto";
import { DelayQueue } from "@layotto/proto/spec/proto/extension/v1/delay_queue/delay_queue";
import type { SubscribeTopicEventsRequestSchema } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { client } from "@layotto/sidecar-kit";
import { freePort, skipWithout, startRedis } from "@layotto/sidecar-kit/testing";
import { bytes, runtime, text } from "./harness/calls.ts";
import { type Layotto, startLayotto } from "./harness/layotto.ts";
import { Inbox } from "./harness/inbox.ts";
import { Scope, scopeOf } from "./harness/scope.ts";
import { untilReady } from "./harness/wait.ts";

type StreamRequest = MessageInitShape<typeof SubscribeTopicEventsRequestSchema>;

const pubsubName = "pub_subs_demo";
const silent = { info: () => {}, warn: () => {}, error: () => {} };
/** How much earlier or later than the runtime the app starts; 30 s with LAYOTTO_LONG=1. */
const apartMs = process.env["LAYOTTO_LONG"] === "1" ? 30_000 : 500;

/** An app with the SDK's server: what it is given lands in an inbox. */
async function sdkApp(scope: Scope, port: number, ...topics: string[]): Promise<Inbox<string>> {
  const inbox = new Inbox<string>();
  // The SDK's types want a whole console; it logs with these three only.
  const options = { logger: silent as unknown as Console };
  const server = new layotto.Server(String(port), undefined, options);
  for (const topic of topics) {
    server.pubsub.addPubSubSubscription(pubsubName, topic);
    server.pubsub.subscribe(pubsubName, topic, async (data) => {
      inbox.add(`${topic}: ${JSON.stringify(data)}`);
      return Promise.resolve();
    });
  }
  await server.start();
  scope.defer(() => server.close());
  return inbox;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const backends = [
  { type: "in-memory", skip: false as const },
  { type: "embedded", skip: false as const },
  { type: "redis", skip: skipWithout("redis-server") },
];

for (const { type, skip } of backends) {
  describe(`publish and subscribe with the SDK on ${type}`, { skip }, () => {
    const scope = new Scope();
    let metadata: Record<string, string> = {};
    before(async () => {
      if (type !== "redis") return;
      const redis = await startRedis(scope.folder());
      scope.defer(() => redis.stop());
      metadata = { redisHost: redis.address, redisPassword: "", consumerID: "1" };
    });
    after(() => scope.close());

    async function start(own: Scope, port: number): Promise<Layotto> {
      const config = {
        app: { app_id: "app1", grpc_callback_port: port },
        pub_subs: { [pubsubName]: { type, metadata } },
      };
      const running = own.use(await startLayotto({ config }));
      await untilReady(running);
      return running;
    }

    it("an app that is there before the runtime gets everything", async (test) => {
      const own = scopeOf(test);
      const port = await freePort();
      const inbox = await sdkApp(own, port, "hello", "topic1");
      await pause(apartMs);
      const running = await start(own, port);
      const sdk = own.use(new layotto.Client(String(running.port), "127.0.0.1"));
      await sdk.pubsub.publish({ pubsubName, topic: "hello", data: "world" });
      await sdk.pubsub.publish({ pubsubName, topic: "topic1", data: { value: "value1" } });
      await inbox.holds(2);
      assert.deepEqual(inbox.items.toSorted(), ['hello: "world"', 'topic1: {"value":"value1"}']);
    });

    it("an app that comes after the messages gets everything", async (test) => {
      const own = scopeOf(test);
      const port = await freePort();
      const running = await start(own, port);
      const sdk = own.use(new layotto.Client(String(running.port), "127.0.0.1"));
      const all = Array.from({ length: 20 }, (_, n) => n);
      for (const n of all) await sdk.pubsub.publish({ pubsubName, topic: "late", data: { n } });
      await pause(apartMs);
      const inbox = await sdkApp(own, port, "late");
      await inbox.holds(all.length);
      assert.deepEqual(new Set(inbox.items), new Set(all.map((n) => `late: {"n":${n}}`)));
    });

    it("a stream gets events through the gateway and ends with it", async (test) => {
      const own = scopeOf(test);
      const running = await start(own, await freePort());
      const api = runtime(running.client());
      const requests = new Inbox<StreamRequest>();
      requests.add({
        subscribeTopicEventsRequestType: {
          case: "initialRequest",
          value: { pubsubName, topic: "streamed" },
        },
      });
      const replies = api.subscribeTopicEvents(requests.stream())[Symbol.asyncIterator]();
      const next = async () => {
        const { value } = await replies.next();
        return value?.subscribeTopicEventsResponseType;
      };
      assert.equal((await next())?.case, "initialResponse");
      await api.publishEvent({ pubsubName, topic: "streamed", data: bytes("1") });
      const event = await next();
      assert.ok(event?.case === "eventMessage");
      assert.equal(text(event.value.data), "1");
      requests.add({
        subscribeTopicEventsRequestType: {
          case: "eventProcessed",
          value: { id: event.value.id, status: { status: 0 } },
        },
      });
      requests.end();
      assert.equal(await next(), undefined);
    });

    if (type !== "in-memory") {
      it("a delayed message comes at its time, also after the process was killed", async (test) => {
        const own = scopeOf(test);
        const port = await freePort();
        const inbox = await sdkApp(own, port, "delayed");
        const running = await start(own, port);
        const queue = client(DelayQueue, running.client());
        const publishedAt = Date.now();
        const { messageId } = await queue.publishDelayMessage({
          componentName: pubsubName,
          topic: "delayed",
          data: bytes('{"n":1}'),
          dataContentType: "application/json",
          delayInSeconds: 3,
        });
        assert.notEqual(messageId, "");
        process.kill(await running.pidOf("pubsub"), "SIGKILL");
        await inbox.holds(1);
        assert.ok(Date.now() - publishedAt >= 3000, "it came too early");
        assert.deepEqual(inbox.items, ['delayed: {"n":1}']);
      });
    }
  });
}
