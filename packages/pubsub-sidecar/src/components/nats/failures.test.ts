import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it, type TestContext } from "node:test";
import { TcpProxy, eventually, realWait, testCall } from "@layotto/sidecar-kit/testing";
import { AckPolicy, type JetStreamManager, type NatsConnection } from "nats";
import type { BrokerSubscription, PubSub } from "../../component.ts";
import { hasReason, numbered } from "../../conformance/scene.ts";
import { Recorder, publishRequest, subscribeRequest } from "../../testing/index.ts";
import { connected, natsServer, openNats, rawNats, withoutNats } from "./testing/server.ts";
import type { NatsServer } from "./testing/server.ts";

void describe("nats", { skip: withoutNats }, () => {
  let server: NatsServer;
  let client: PubSub;
  let raw: NatsConnection;
  let manager: JetStreamManager;

  before(async () => {
    server = await natsServer();
    client = await openNats(server.address);
    raw = await rawNats(server.address);
    manager = await raw.jetstreamManager();
  });
  after(async () => {
    await client.close();
    await raw.close();
    await server.end();
  });

  const open = async (t: TestContext, metadata = {}, at = server.address): Promise<PubSub> => {
    const opened = await openNats(at, metadata);
    t.after(() => opened.close());
    return opened;
  };
  const proxied = async (t: TestContext): Promise<TcpProxy> => {
    const proxy = await TcpProxy.start(server.port);
    t.after(() => proxy.close());
    return proxy;
  };
  const subscribe = async (
    t: TestContext,
    topic: string,
    recorder: Recorder,
    { by = client, prefetch = 100, group = "g" } = {},
  ): Promise<BrokerSubscription> => {
    const subscription = await by.subscribe(subscribeRequest(topic, group, { prefetch }), recorder);
    t.after(() => subscription.close());
    return subscription;
  };
  const newTopic = (): string => `t-${randomUUID().slice(0, 8)}`;
  const publish = async (topic: string, text: string, part = {}, by = client): Promise<string> =>
    by.publish(publishRequest(topic, text, part), testCall(Date.now() + 5000));

  void it("streams: one that holds the topic already is used as it is, with a consumer per topic", async (t) => {
    await manager.streams.add({ name: "SHOP", subjects: ["shop.>"] });
    const recorders = [];
    for (const topic of ["shop.a", "shop.b"]) {
      const recorder = new Recorder({ prefetch: 100, acks: true });
      recorders.push(recorder);
      await subscribe(t, topic, recorder);
      await publish(topic, topic);
    }
    for (const [i, recorder] of recorders.entries()) {
      const [item] = await recorder.take(1);
      assert.equal(item?.text, ["shop.a", "shop.b"][i]);
    }
    const consumers = await manager.consumers.list("SHOP").next();
    assert.deepEqual(consumers.map(({ name }) => name).sort(), ["g~shop=2Ea", "g~shop=2Eb"]);
  });

  void it("streamName: topics that it does not hold are an error that names the cure", async (t) => {
    await manager.streams.add({ name: "OWN", subjects: ["own.a"] });
    const own = await open(t, { streamName: "OWN" });
    await publish("own.a", "a", {}, own);
    await assert.rejects(publish("own.b", "b", {}, own), /add the subject to the stream/);
    await assert.rejects(publish("shop.c", "c", {}, own), hasReason("BACKEND_FAILED"));
  });

  void it("streams: those that are made keep to the metadata and say what they hold", async (t) => {
    const topic = `${newTopic()}.ü`;
    await publish(topic, "a", {}, await open(t, { maxAge: "1h" }));
    const name = await manager.streams.find(topic);
    assert.equal(name, topic.replace(".ü", "=2E=C3=BC"));
    const { config } = await manager.streams.info(name);
    assert.equal(config.storage, "file");
    assert.equal(config.max_age, 3_600_000_000_000);
  });

  void it("publish: the header carries key and content type, and a key becomes the lane", async (t) => {
    const topic = newTopic();
    const recorder = new Recorder({ prefetch: 10, acks: true });
    await subscribe(t, topic, recorder);
    const key = "grün: a\r\nb\ud800";
    await publish(topic, "a", { key, contentType: "text/plain" });
    await publish(topic, "b");
    const [a, b] = await recorder.take(2);
    assert.equal(a?.delivery.lane, "grün: a\r\nb\ufffd");
    assert.equal(b?.delivery.lane, undefined);
    const stored = await manager.streams.getMessage(topic, { seq: 1 });
    assert.equal(stored.header.get("Content-Type"), "text/plain");
  });

  void it("publish: Nats-Msg-Id of the request's metadata drops duplicates", async () => {
    const topic = newTopic();
    const metadata = { "Nats-Msg-Id": "order-1" };
    const ids = [await publish(topic, "a", { metadata }), await publish(topic, "a", { metadata })];
    assert.deepEqual(ids, ["1", "1"]);
    assert.equal(await publish(topic, "a"), "2");
  });

  void it("publish: too large a message is refused with both sizes, and the largest is taken", async () => {
    const topic = newTopic();
    const most = client.maxMessageBytes ?? 0;
    await assert.rejects(publish(topic, "x".repeat(most + 1)), (error) => {
      hasReason("BACKEND_LIMIT")(error);
      assert.match(String(error), new RegExp(`${most + 1} bytes: nats takes ${most} `));
      return true;
    });
    assert.equal(await publish(topic, "x".repeat(most), { key: "k".repeat(100) }), "1");
  });

  void it("publish: a stream that is deleted is made again", async () => {
    const topic = newTopic();
    await publish(topic, "a");
    await manager.streams.delete(topic);
    assert.equal(await publish(topic, "b"), "1");
  });

  void it("subscribe: a consumer that is deleted is made again", async (t) => {
    const topic = newTopic();
    const recorder = new Recorder({ prefetch: 10, acks: true });
    await subscribe(t, topic, recorder);
    await publish(topic, "a");
    await recorder.take(1);
    await manager.consumers.delete(topic, "g");
    await publish(topic, "b");
    await recorder.until("the new one", () => recorder.received.some(({ text }) => text === "b"));
  });

  void it("subscribe: a stream that is made anew while a message of the old one is held loses none", async (t) => {
    const topic = newTopic();
    const recorder = new Recorder({ prefetch: 10 });
    await subscribe(t, topic, recorder);
    await publish(topic, "old");
    const [old] = await recorder.take(1);
    await manager.streams.delete(topic);
    await publish(topic, "new");
    const [item] = await recorder.take(1);
    assert.equal(item?.text, "new");
    assert.equal(item.delivery.id, old?.delivery.id);
    if (old !== undefined) recorder.ack(old);
    recorder.ackAll();
  });

  void it("subscribe: limits of a consumer that is there are kept", async (t) => {
    const topic = newTopic();
    await publish(topic, "0");
    await manager.consumers.add(topic, {
      durable_name: "g",
      ack_policy: AckPolicy.Explicit,
      max_batch: 3,
    });
    const recorder = new Recorder({ prefetch: 100, acks: true });
    await subscribe(t, topic, recorder);
    for (const text of numbered(10)) await publish(topic, text);
    await recorder.take(11);
  });

  void it("subscribe: a push consumer of the group's name is an error that names the cure", async (t) => {
    const topic = newTopic();
    await publish(topic, "a");
    await manager.consumers.add(topic, {
      durable_name: "g",
      deliver_subject: "somewhere",
      ack_policy: AckPolicy.Explicit,
    });
    const recorder = new Recorder({ prefetch: 1 });
    await assert.rejects(subscribe(t, topic, recorder), /use another consumerID or delete it/);
  });

  void it("ackWaitTime: what is held longer is not handed out again, what a dead process held is", async (t) => {
    const topic = newTopic();
    const proxy = await proxied(t);
    // The server hears every third of it that work goes on: this process may stand still for a second.
    const metadata = { ackWaitTime: "2s" };
    const dying = await open(t, metadata, proxy.address);
    const held = new Recorder({ prefetch: 1 });
    await subscribe(t, topic, held, { by: dying, prefetch: 1 });
    await publish(topic, "a");
    await held.take(1);
    const next = new Recorder({ prefetch: 1, acks: true });
    await subscribe(t, topic, next, { by: await open(t, metadata) });
    await realWait(4500);
    assert.equal(next.received.length, 0);
    proxy.stall();
    const [item] = await next.take(1);
    assert.equal(item?.text, "a");
    assert.ok(item.delivery.redelivered >= 1);
  });

  void it("a connection that is cut: what is held can still be settled and does not come again", async (t) => {
    const topic = newTopic();
    const proxy = await proxied(t);
    const cut = await open(t, {}, proxy.address);
    const recorder = new Recorder({ prefetch: 10 });
    const subscription = await subscribe(t, topic, recorder, { by: cut, prefetch: 10 });
    for (const text of numbered(4)) await publish(topic, text);
    const [a, b, c, d] = await recorder.take(4);
    assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
    const unanswered = publish(topic, "x".repeat(1000), {}, cut);
    proxy.cut();
    await unanswered.catch(hasReason("BACKEND_UNAVAILABLE"));
    await eventually("the loss", () => isAway(cut));
    recorder.ack(a);
    recorder.release(b);
    await connected(cut);
    recorder.ack(c);
    const again = await recorder.take(1);
    assert.ok(again.every(({ text }) => text === b.text || text.startsWith("x")));
    recorder.ackAll();
    await recorder.until(
      "b again",
      () => recorder.received.filter(({ text }) => text === b.text).length === 2,
    );
    await eventually("nothing unsettled", async () => (await subscription.lag?.()) === 0);
    assert.deepEqual([recorder.faults, recorder.revoked], [[], []]);
  });

  void it("a connection that stalls: publish ends by its deadline, close does not hang", async (t) => {
    const topic = newTopic();
    const proxy = await proxied(t);
    const slow = await open(t, {}, proxy.address);
    await publish(topic, "a", {}, slow);
    const recorder = new Recorder({ prefetch: 10 });
    const subscription = await slow.subscribe(subscribeRequest(topic, "g"), recorder);
    proxy.stall();
    const startMs = Date.now();
    const call = async (to: string): Promise<string> =>
      slow.publish(publishRequest(to, "b"), testCall(Date.now() + 200));
    await assert.rejects(call(topic), hasReason("BACKEND_TIMEOUT"));
    await assert.rejects(call(newTopic()), hasReason("BACKEND_TIMEOUT"));
    // Two deadlines of 200 ms, and well before the callTimeout.
    assert.ok(Date.now() - startMs < 4000);
    proxy.resume();
    await publish(topic, "c", {}, slow);
    proxy.stall();
    await subscription.close();
    await slow.close();
    assert.ok(Date.now() - startMs < 20_000);
  });

  void it("open: a server without JetStream, and a wrong token, say so", async (t) => {
    const plain = await natsServer("--auth", "s3cret-token");
    t.after(() => plain.end());
    await assert.rejects(
      openNats(plain.address, { token: "another-token" }),
      hasReason("BACKEND_UNAVAILABLE"),
    );
    await (await openNats(plain.address, { token: "s3cret-token" })).close();
    await assert.rejects(openNats(`user:pass@${plain.address}`), /Authorization/i);
  });

  void it("a broker that is killed while it is written to has every acknowledged message", async (t) => {
    const topic = newTopic();
    const acknowledged: string[] = [];
    let isOver = false;
    const write = async (writer: number): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        const text = `${writer}-${i}`;
        await publish(topic, text).then(
          () => acknowledged.push(text),
          () => (isOver = true),
        );
      }
    };
    const writers = Array.from({ length: 16 }, (_, i) => write(i));
    await eventually("a thousand", () => acknowledged.length > 1000, 30_000);
    await server.kill();
    await Promise.all(writers);
    await server.restart();
    await connected(client);
    const recorder = new Recorder({ prefetch: 100, acks: true });
    await eventually("a subscription", () => subscribe(t, topic, recorder).catch(() => undefined));
    const missing = new Set(acknowledged);
    await recorder.until("all of them", () => {
      for (const { text } of recorder.received) missing.delete(text);
      return missing.size === 0;
    });
  });
});

async function isAway(client: PubSub): Promise<boolean> {
  const { signal } = new AbortController();
  return (
    (await client.ping?.(signal).then(
      () => false,
      () => true,
    )) ?? false
  );
}
