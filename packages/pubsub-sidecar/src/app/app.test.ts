import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { GrpcError, Status } from "@layotto/grpc-transport";
import { eventually } from "@layotto/sidecar-kit/testing";
import { type OnEvent, TestApp } from "../testing/app.ts";
import { startSidecar, type StartedSidecar } from "../testing/sidecar.ts";

describe("delivery to the app", () => {
  let sidecar: StartedSidecar | undefined;
  let app: TestApp;
  const metadata = { retryInterval: "1ms", maxRetryInterval: "5ms" };

  beforeEach(async () => {
    app = await TestApp.create({ pubsubName: "p", topic: "t", metadata });
  });
  afterEach(async () => {
    await sidecar?.close();
    await app.stop();
  });

  async function start(): Promise<StartedSidecar> {
    sidecar = await startSidecar({ pub_subs: { p: { type: "in-memory" } } }, { app });
    return sidecar;
  }

  const publish = ({ runtime }: StartedSidecar, text: string) =>
    runtime.publishEvent({ pubsubName: "p", topic: "t", data: Buffer.from(text) });

  const stateOf = async ({ topics: client }: StartedSidecar) => {
    const { topics } = await client.list({});
    return topics.find((each) => each.topic === "t")?.subscription;
  };

  it("an app that cannot say yet what it subscribes to is asked again", async () => {
    const { topics } = app;
    Object.defineProperty(app, "topics", {
      get: () => {
        if (app.asked < 3) throw new GrpcError(Status.INTERNAL, "not yet");
        return topics;
      },
    });
    await app.start();
    const started = await start();
    await publish(started, "1");
    await app.got(1);
    assert.equal(app.asked, 3);
  });

  it("any error is tried again, and so is a status that the API does not know", async () => {
    const answers: OnEvent[] = [
      () => 7 as 0, // a status of a newer API
      () => Promise.reject(new GrpcError(Status.INTERNAL, "no")),
      () => Promise.reject(new GrpcError(Status.UNAVAILABLE, "busy")),
      () => 0,
    ];
    app.onEvent = (event, call) => answers[app.events.length - 1]?.(event, call) ?? 0;
    await app.start();
    const started = await start();
    await publish(started, "1");
    await app.got(4);
    await eventually("its end", async () => (await stateOf(started))?.unsettled === 0);
    assert.deepEqual(
      app.events.map((event) => event.metadata["layotto-delivery-attempt"]),
      [undefined, "2", "3", "4"],
    );
  });

  it("an app that crashes with an event gets it again, and no attempt is used up", async () => {
    app.onEvent = () => new Promise(() => {});
    await app.start();
    const started = await start();
    await publish(started, "1");
    await app.got(1);
    await app.stop();
    app.onEvent = () => 0;
    await app.start();
    await app.got(2);
    assert.deepEqual(app.texts, ["1", "1"]);
    assert.equal(app.events[1]?.metadata["layotto-delivery-attempt"], undefined);
  });

  it("without OnTopicEvent the subscription waits until the app connects again", async () => {
    app.onEvent = () => Promise.reject(new GrpcError(Status.UNIMPLEMENTED, "unknown method"));
    await app.start();
    const started = await start();
    await publish(started, "1");
    await app.got(1);
    await eventually("the pause", async () => (await stateOf(started))?.state === "paused");
    const lines = started.context.lines.map((line) => String(line["msg"]));
    assert.ok(lines.some((line) => line.includes("does not implement OnTopicEvent")));
    assert.equal(app.events.length, 1);
    await app.stop();
    app.onEvent = () => 0;
    await app.start();
    await app.got(2);
  });

  it("a subscription that the app lists no more ends, and its messages wait", async () => {
    await app.start();
    const started = await start();
    await eventually("the subscription", async () => (await stateOf(started))?.state === "open");
    await app.stop();
    app.topics = [];
    await app.start();
    await eventually("its end", async () => (await stateOf(started)) === undefined);
    await publish(started, "1");
    await app.stop();
    app.topics = [{ pubsubName: "p", topic: "t" }];
    await app.start();
    await app.got(1);
  });

  it("a subscription to a component that is not configured is reported and harms no other", async () => {
    app.topics = [{ pubsubName: "x", topic: "t" }, ...app.topics];
    await app.start();
    const started = await start();
    await publish(started, "1");
    await app.got(1);
    const lines = started.context.lines.map((line) => String(line["msg"]));
    assert.ok(lines.some((line) => line.startsWith("cannot subscribe the app")));
  });

  it("the trace of the publisher reaches the app", async () => {
    let seen: string | undefined;
    app.onEvent = (_event, call) => {
      seen = call.metadata.get("traceparent");
      return 0;
    };
    await app.start();
    const { channel } = await start();
    const { codecFor } = await import("@layotto/proto/codec");
    const { PublishEventRequestSchema } =
      await import("@layotto/proto/spec/proto/runtime/v1/runtime");
    const { Metadata } = await import("@layotto/grpc-transport");
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    await channel.unary(
      "/spec.proto.runtime.v1.Runtime/PublishEvent",
      codecFor(PublishEventRequestSchema).encode({ pubsubName: "p", topic: "t" }),
      { metadata: new Metadata().set("traceparent", traceparent) },
    );
    await app.got(1);
    assert.equal(seen, traceparent);
  });

  it("a subscription whose metadata cannot be used is reported and takes no messages", async () => {
    app.topics = [{ pubsubName: "p", topic: "t", metadata: { rawPayload: "perhaps" } }];
    await app.start();
    const started = await start();
    const lines = () => started.context.lines.map((line) => String(line["msg"]));
    await eventually("the report", () =>
      lines().some((line) => line.startsWith("cannot subscribe the app: metadata rawPayload")),
    );
    assert.equal(await stateOf(started), undefined);
  });
});
