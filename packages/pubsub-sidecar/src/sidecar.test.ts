import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Status } from "@layotto/sidecar-kit";
import { eventually } from "@layotto/sidecar-kit/testing";
import { TestApp } from "./testing/app.ts";
import { startSidecar, type StartedSidecar } from "./testing/sidecar.ts";

const memory = { pub_subs: { p: { type: "in-memory" } } };
const json = "application/json";

describe("pubsubSidecar", () => {
  let sidecar: StartedSidecar;
  let app: TestApp | undefined;

  afterEach(async () => {
    await sidecar.close();
    await app?.stop();
    app = undefined;
  });

  const publish = (text: string, more: Record<string, unknown> = {}) =>
    sidecar.runtime.publishEvent({
      pubsubName: "p",
      topic: "t",
      data: Buffer.from(text),
      ...more,
    });

  it("delivers what was published to the app, as Layotto does", async () => {
    app = await TestApp.create({ pubsubName: "p", topic: "t" });
    await app.start();
    sidecar = await startSidecar(memory, { app });
    await publish('{"a":1}', { dataContentType: json });
    await app.got(1);
    const [event] = app.events;
    assert.ok(event);
    assert.match(event.id, /^[0-9a-f-]{36}$/);
    const { source, type, specVersion, dataContentType, topic, pubsubName } = event;
    assert.deepEqual(
      { source, type, specVersion, dataContentType, topic, pubsubName },
      {
        source: "runtime",
        type: "com.runtime.event.sent",
        specVersion: "1.0",
        dataContentType: json,
        topic: "t",
        pubsubName: "p",
      },
    );
    assert.equal(Buffer.from(event.data).toString(), '{"a":1}');
    assert.deepEqual(event.metadata, {});
  });

  it("answers with the ids of the event and of the message", async () => {
    sidecar = await startSidecar(memory);
    const path = "/spec.proto.runtime.v1.Runtime/PublishEvent";
    const { codecFor } = await import("@layotto/proto/codec");
    const { PublishEventRequestSchema } =
      await import("@layotto/proto/spec/proto/runtime/v1/runtime");
    const request = codecFor(PublishEventRequestSchema).encode({ pubsubName: "p", topic: "t" });
    const { headers } = await sidecar.channel.unary(path, request);
    assert.match(headers.get("layotto-event-id") ?? "", /^[0-9a-f-]{36}$/);
    assert.equal(headers.get("layotto-message-id"), "1");
  });

  it("the app may come after the messages, and is asked again when it comes back", async () => {
    app = await TestApp.create({ pubsubName: "p", topic: "t" });
    sidecar = await startSidecar(memory, { app });
    await publish("1");
    await app.start();
    await app.got(1);
    await eventually("its acknowledgement", () => acknowledged(sidecar) === 1);
    await app.stop();
    app.topics = [
      { pubsubName: "p", topic: "t" },
      { pubsubName: "p", topic: "u" },
    ];
    await publish("2");
    await publish("3", { topic: "u" });
    await app.start();
    await app.got(3);
    assert.equal(app.asked, 2);
    assert.deepEqual(app.texts.toSorted(), ["1", "2", "3"]);
  });

  it("an event is tried again until the app takes it, with the number of the attempt", async () => {
    const metadata = { retryInterval: "1ms" };
    app = await TestApp.create({ pubsubName: "p", topic: "t", metadata });
    app.onEvent = () => (app?.events.length === 3 ? 0 : 1);
    await app.start();
    sidecar = await startSidecar(memory, { app });
    await publish("1");
    await app.got(3);
    assert.deepEqual(
      app.events.map((event) => event.metadata["layotto-delivery-attempt"]),
      [undefined, "2", "3"],
    );
  });

  it("dead letters carry the event and why, can be peeked at, and go back where they came from", async () => {
    const metadata = { retryInterval: "1ms", maxAttempts: "2", deadLetterTopic: "dead" };
    app = await TestApp.create({ pubsubName: "p", topic: "t", metadata });
    app.onEvent = () => 1;
    await app.start();
    sidecar = await startSidecar(memory, { app, appId: "shop" });
    await publish("bad");
    const [letter] = await eventually("a dead letter", async () => {
      const { messages } = await sidecar.topics.peek({ pubsub: "p", topic: "dead", waitMs: 100 });
      return messages.length > 0 && messages;
    });
    assert.ok(letter);
    const { topic, group, attempts, reason, eventId } = letter;
    assert.deepEqual(
      { topic, group, attempts, reason },
      { topic: "t", group: "shop", attempts: 2, reason: "the app answered RETRY" },
    );
    assert.equal(eventId, app.events[0]?.id);
    app.onEvent = () => 0;
    const redriven = await sidecar.topics.redrive({ pubsub: "p", topic: "dead", waitMs: 500 });
    assert.equal(redriven.redriven, 1);
    await app.got(3);
    assert.equal(app.events[2]?.id, eventId);
    const { topics } = await sidecar.topics.list({});
    const row = topics.find((each) => each.topic === "t");
    assert.equal(row?.counts["dead_lettered"], 1);
    assert.equal(row.subscription?.state, "open");
  });

  it("shows what a component counts for itself", async () => {
    sidecar = await startSidecar({
      pub_subs: { p: { type: "in-memory", metadata: { backlog: 2 } } },
    });
    for (const text of ["1", "2", "3"]) await publish(text);
    const families = sidecar.context.metrics.families();
    const own = families.find((each) => each.name === "layotto_pubsub_component");
    const figures = own?.samples.map(({ labels, value }) => [labels["figure"], value] as const);
    const { dropped, messages } = Object.fromEntries(figures ?? []);
    assert.deepEqual({ dropped, messages }, { dropped: 1, messages: 2 });
  });

  it("a subscription of the file needs no list from the app", async () => {
    app = await TestApp.create();
    await app.start();
    sidecar = await startSidecar(
      { ...memory, subscriptions: [{ pubsub: "p", topic: "t", metadata: { rawPayload: true } }] },
      { app },
    );
    await publish("raw", { metadata: { rawPayload: "true" } });
    await app.got(1);
    assert.deepEqual(app.texts, ["raw"]);
    assert.equal(app.events[0]?.dataContentType, "application/octet-stream");
  });

  it("after drain begins nothing is handed out, and what the app has is acknowledged", async () => {
    app = await TestApp.create({ pubsubName: "p", topic: "t", metadata: { concurrency: "1" } });
    let finish = (): void => {};
    app.onEvent = () => new Promise((resolve) => (finish = () => resolve(0)));
    await app.start();
    sidecar = await startSidecar(memory, { app });
    await publish("1");
    await publish("2");
    await app.got(1);
    const drained = sidecar.drain();
    finish();
    await drained;
    assert.equal(app.events.length, 1);
    assert.equal(acknowledged(sidecar), 1);
  });

  it("an app that answers nothing gets no more than its concurrency", async () => {
    const metadata = { concurrency: "3", prefetch: "5" };
    app = await TestApp.create({ pubsubName: "p", topic: "t", metadata });
    app.onEvent = () => new Promise(() => {});
    await app.start();
    sidecar = await startSidecar(memory, { app });
    for (let i = 0; i < 50; i++) await publish(String(i));
    await app.got(3);
    const { topics } = await sidecar.topics.list({});
    assert.equal(topics[0]?.subscription?.unsettled, 5);
    assert.equal(app.events.length, 3);
  });

  it("refuses requests in Layotto's order of checks", async () => {
    sidecar = await startSidecar(memory);
    const refused = (request: object, code: number, message: string | RegExp) =>
      assert.rejects(sidecar.runtime.publishEvent(request), { code, message });
    const { INVALID_ARGUMENT } = Status;
    await refused({}, INVALID_ARGUMENT, "pubsub name is empty");
    await refused({ pubsubName: "x" }, INVALID_ARGUMENT, "topic is empty in pubsub x");
    await refused({ pubsubName: "x", topic: "t" }, INVALID_ARGUMENT, "pubsub x not found");
    const event = { pubsubName: "p", topic: "t", dataContentType: "application/cloudevents+json" };
    await refused(
      { ...event, data: Buffer.from("{") },
      INVALID_ARGUMENT,
      /^cannot create cloudevent: /,
    );
    await refused(
      { pubsubName: "p", topic: "t", metadata: { ttlInSeconds: "x" } },
      INVALID_ARGUMENT,
      /^Cannot use metadata ttlInSeconds = "x"/,
    );
  });

  it("without components answers FAILED_PRECONDITION", async () => {
    sidecar = await startSidecar({ pub_subs: {} });
    await assert.rejects(sidecar.runtime.publishEvent({ pubsubName: "p", topic: "t" }), {
      code: Status.FAILED_PRECONDITION,
    });
  });

  it("the delay queue refuses a type that has none", async () => {
    sidecar = await startSidecar(memory);
    const request = { componentName: "p", topic: "t", delayInSeconds: 1 };
    await assert.rejects(sidecar.delayQueue.publishDelayMessage(request), {
      code: Status.UNIMPLEMENTED,
    });
    await assert.rejects(sidecar.delayQueue.publishDelayMessage({ componentName: "x" }), {
      code: Status.INVALID_ARGUMENT,
      message: "component not found. kind: delay_queue , name: x",
    });
  });
});

/** How many messages of topic `t` were acknowledged, as the process counted them. */
function acknowledged({ context }: StartedSidecar): number {
  const families = context.metrics.families();
  const samples = families.find((each) => each.name === "layotto_pubsub_messages_total")?.samples;
  return samples?.find(({ labels }) => labels["event"] === "acknowledged")?.value ?? 0;
}
