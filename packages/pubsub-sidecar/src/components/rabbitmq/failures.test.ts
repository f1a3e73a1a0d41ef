import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it, type TestContext } from "node:test";
import { Status } from "@layotto/sidecar-kit";
import { TcpProxy, eventually, testCall } from "@layotto/sidecar-kit/testing";
import { connect, type ChannelModel } from "amqplib";
import type { BrokerSubscription, PubSub } from "../../component.ts";
import { hasReason, numbered } from "../../conformance/scene.ts";
import { Recorder, publishRequest, subscribeRequest } from "../../testing/index.ts";
import { connected, openRabbit, rabbitServer, urlOf, withoutRabbit } from "./testing/server.ts";
import type { RabbitServer } from "./testing/server.ts";

const TOO_LARGE = 512 * 1024;

void describe("rabbitmq", { skip: withoutRabbit }, () => {
  let server: RabbitServer;
  let client: PubSub;
  let raw: ChannelModel;

  before(async () => {
    server = await rabbitServer([`max_message_size = ${TOO_LARGE}`]);
    client = await openRabbit(server.url, {}, { appId: "app1" });
    raw = await connect(server.url);
    raw.on("error", () => undefined);
  });
  after(async () => {
    await client.close();
    await raw.close().catch(() => undefined);
    await server.end();
  });

  const open = async (t: TestContext, metadata = {}, url = server.url): Promise<PubSub> => {
    const opened = await openRabbit(url, metadata);
    t.after(() => opened.close());
    return opened;
  };
  const subscribe = async (
    t: TestContext,
    topic: string,
    recorder: Recorder,
    { by = client, prefetch = 100, group = "g" } = {},
  ): Promise<BrokerSubscription> => {
    const subscription = await by.subscribe(subscribeRequest(topic, group, { prefetch }), recorder);
    let closed: Promise<void> | undefined;
    const once = { ...bound(subscription), close: () => (closed ??= subscription.close()) };
    t.after(() => once.close());
    return once;
  };
  const newTopic = (): string => `t-${randomUUID().slice(0, 8)}`;
  const publish = async (topic: string, text: string, part = {}, by = client): Promise<string> =>
    by.publish(publishRequest(topic, text, part), testCall(Date.now() + 5000));

  void it("publish: a message that no queue takes waits for the component's own group", async (t) => {
    const topic = newTopic();
    const texts = numbered(50);
    await Promise.all(texts.map((text) => publish(topic, text)));
    const recorder = new Recorder({ prefetch: 100, acks: true });
    // Once somebody is subscribed the queue of the own group gets nothing more.
    const other = new Recorder({ prefetch: 100, acks: true });
    await subscribe(t, topic, other, { group: "other" });
    await publish(topic, "later");
    await other.take(1);
    await subscribe(t, topic, recorder, { group: "app1" });
    await publish(topic, "last");
    const items = await recorder.take(51);
    assert.deepEqual(new Set(items.map(({ text }) => text)), new Set([...texts, "last"]));
  });

  void it("layout: a durable fanout exchange named like the topic, and a queue group-topic", async (t) => {
    const topic = newTopic();
    await client.keep?.(topic, "g");
    const channel = await raw.createChannel();
    await channel.assertExchange(topic, "fanout", { durable: true });
    await channel.assertQueue(`g-${topic}`, { durable: true });
    channel.publish(topic, "", Buffer.from("from elsewhere"));
    const recorder = new Recorder({ prefetch: 1 });
    const subscription = await subscribe(t, topic, recorder);
    const [item] = await recorder.take(1);
    assert.equal(item?.text, "from elsewhere");
    assert.equal(item.delivery.id, "");
    await subscription.close();
    const id = await publish(topic, "ours", { key: "grün\n", contentType: "text/plain" });
    const messages = [await channel.get(`g-${topic}`), await channel.get(`g-${topic}`)];
    const ours = messages.find(
      (message) => message !== false && message.content.toString() === "ours",
    );
    assert.ok(ours !== undefined && ours !== false);
    const { deliveryMode, contentType, messageId, headers } = ours.properties;
    assert.deepEqual([deliveryMode, contentType, messageId], [2, "text/plain", id]);
    assert.deepEqual(headers, { "Layotto-Partition-Key": "grün\n" });
    await channel.close();
  });

  void it("subscribe: a queue with other arguments is an error that names the cure", async (t) => {
    const topic = newTopic();
    const channel = await raw.createChannel();
    await channel.assertQueue(`g-${topic}`, { durable: true, arguments: { "x-max-length": 5 } });
    await channel.close();
    const recorder = new Recorder({ prefetch: 1 });
    await assert.rejects(client.subscribe(subscribeRequest(topic, "g"), recorder), (error) => {
      hasReason("BACKEND_FAILED")(error);
      assert.match(String(error), /maxLen and maxLenBytes as it was made, or delete it/);
      return true;
    });
    const cured = await open(t, { maxLen: "5" });
    const subscription = await subscribe(t, topic, recorder, { by: cured });
    await subscription.close();
  });

  void it("publish: an exchange of another kind is an error that names the cure", async () => {
    const topic = newTopic();
    const channel = await raw.createChannel();
    await channel.assertExchange(topic, "direct", { durable: true });
    await channel.close();
    await assert.rejects(publish(topic, "a"), /delete it, or use another topic/);
  });

  void it("enableDeadLetter: what expires goes to dlq-<queue>", async (t) => {
    const topic = newTopic();
    const other = await open(t, { enableDeadLetter: true });
    await other.keep?.(topic, "g");
    await publish(topic, "old", { ttlMs: 1 }, other);
    const channel = await raw.createChannel();
    const dead = await eventually("a dead letter", () =>
      channel.get(`dlq-g-${topic}`, { noAck: true }),
    );
    assert.equal(dead.content.toString(), "old");
    await channel.close();
  });

  void it("ttl: what expired is not handed out", async (t) => {
    const topic = newTopic();
    await client.keep?.(topic, "g");
    await publish(topic, "old", { ttlMs: 1 });
    await publish(topic, "new", { ttlMs: 60_000 });
    const recorder = new Recorder({ prefetch: 10, acks: true });
    await eventually("the end of the old one", async () => (await lagOf(client, topic)) === 1);
    const subscription = await subscribe(t, topic, recorder);
    assert.deepEqual(
      (await recorder.take(1)).map(({ text }) => text),
      ["new"],
    );
    await subscription.close();
  });

  void it("publish: too large a message does not reach the server, whose own limit only fails the call", async (t) => {
    const topic = newTopic();
    await client.keep?.(topic, "g");
    const limited = await open(t, { maxMessageBytes: 100 });
    await assert.rejects(publish(topic, "x".repeat(101), {}, limited), hasReason("BACKEND_LIMIT"));
    await assert.rejects(publish(topic, "x".repeat(TOO_LARGE + 1)), (error) => {
      hasReason("BACKEND_UNAVAILABLE")(error);
      assert.match(String(error), /larger than/);
      return true;
    });
    await connected(client);
    await publish(topic, "fits");
  });

  void it("publish: an alarm of the server is named, and consuming goes on meanwhile", async (t) => {
    const topic = newTopic();
    const publisher = await open(t);
    const recorder = new Recorder({ prefetch: 10 });
    const subscription = await subscribe(t, topic, recorder, { by: publisher });
    await publish(topic, "a", {}, publisher);
    const [item] = await recorder.take(1);
    await server.evaluate("rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).");
    const call = (): Promise<string> =>
      Promise.resolve(publisher.publish(publishRequest(topic, "b"), testCall(Date.now() + 2000)));
    for (let i = 0; i < 2; i++) {
      await assert.rejects(call(), (error) => {
        hasReason("BACKEND_UNAVAILABLE")(error);
        assert.match(String(error), /alarm \("low on memory"\)/);
        return true;
      });
    }
    if (item !== undefined) recorder.release(item);
    const [again] = await recorder.take(1);
    assert.equal(again?.text, "a");
    await server.evaluate("rabbit_alarm:clear_alarm({resource_limit, memory, node()}).");
    recorder.ackAll();
    await eventually("the end of the alarm", () =>
      call().then(
        () => true as const,
        () => undefined,
      ),
    );
    await subscription.close();
  });

  void it("subscribe: a queue that is deleted is made again", async (t) => {
    const topic = newTopic();
    const recorder = new Recorder({ prefetch: 10, acks: true });
    const subscription = await subscribe(t, topic, recorder);
    const channel = await raw.createChannel();
    await channel.deleteQueue(`g-${topic}`);
    await eventually("the queue", async () => {
      const probe = await raw.createChannel();
      probe.on("error", () => undefined);
      return probe.checkQueue(`g-${topic}`).then(
        ({ consumerCount }) => consumerCount === 1,
        () => undefined,
      );
    });
    await publish(topic, "a");
    await recorder.take(1);
    await subscription.close();
    await channel.close();
  });

  void it("publish: an exchange that is deleted is made again", async () => {
    const topic = newTopic();
    await publish(topic, "a");
    const channel = await raw.createChannel();
    await channel.deleteExchange(topic);
    await channel.close();
    await assert.rejects(publish(topic, "b"), hasReason("BACKEND_UNAVAILABLE"));
    await connected(client);
    await publish(topic, "c");
  });

  void it("resume: what came before counts against prefetch", async (t) => {
    const topic = newTopic();
    const recorder = new Recorder({ prefetch: 4 });
    const subscription = await subscribe(t, topic, recorder, { prefetch: 4 });
    for (const text of numbered(12)) await publish(topic, text);
    await recorder.take(4);
    for (let i = 0; i < 3; i++) {
      subscription.pause();
      subscription.resume();
    }
    recorder.ack(...recorder.open.slice(0, 2));
    await recorder.take(2);
    assert.equal(await subscription.lag?.(), 10);
    recorder.ackAll();
    await recorder.until(
      "all",
      () => new Set(recorder.received.map(({ text }) => text)).size === 12,
    );
    assert.deepEqual(recorder.faults, []);
  });

  void it("a connection that is cut: unsettled messages are revoked and come again", async (t) => {
    const topic = newTopic();
    const proxy = await TcpProxy.start(server.port);
    t.after(() => proxy.close());
    const cut = await open(t, {}, urlOf(proxy.address));
    const recorder = new Recorder({ prefetch: 5 });
    await subscribe(t, topic, recorder, { by: cut, prefetch: 5 });
    for (const text of numbered(3)) await publish(topic, text);
    const items = await recorder.take(3);
    proxy.cut();
    await recorder.until("three revoked", () => recorder.revoked.length === 3);
    for (const { delivery } of items) delivery.ack(); // has no effect
    recorder.ackAll();
    const again = await recorder.take(3);
    for (const { delivery } of again) assert.equal(delivery.redelivered, 1);
    assert.deepEqual(recorder.faults, []);
  });

  void it("a connection that stalls: publish ends by its deadline, close does not hang", async (t) => {
    const topic = newTopic();
    await client.keep?.(topic, "g");
    const proxy = await TcpProxy.start(server.port);
    t.after(() => proxy.close());
    const slow = await open(t, {}, urlOf(proxy.address));
    await publish(topic, "a", {}, slow);
    const subscription = await subscribe(t, topic, new Recorder({ prefetch: 1000 }), { by: slow });
    proxy.stall();
    const startMs = Date.now();
    const call = async (): Promise<string> =>
      slow.publish(publishRequest(topic, "b"), testCall(startMs + 200));
    await assert.rejects(call, hasReason("BACKEND_TIMEOUT"));
    // The deadline of 200 ms, and well before the callTimeout.
    assert.ok(Date.now() - startMs < 4000);
    proxy.resume();
    await publish(topic, "c", {}, slow);
    proxy.stall();
    await subscription.close();
    assert.ok(Date.now() - startMs < 20_000);
  });

  void it("open: a wrong password is UNAVAILABLE and says why", async () => {
    const { rabbitmq } = await import("./rabbitmq.ts");
    const { rabbitmqMetadata } = await import("./metadata.ts");
    const { testComponentContext } = await import("@layotto/sidecar-kit/testing");
    const metadata = rabbitmqMetadata.parse({ host: `amqp://guest:wrong-one@${server.address}` });
    await assert.rejects(rabbitmq.open(metadata, testComponentContext()), {
      code: Status.UNAVAILABLE,
      message: /ACCESS[-_]REFUSED/,
    });
  });

  void it("a broker that is killed while it is written to has every acknowledged message", async (t) => {
    const topic = newTopic();
    await client.keep?.(topic, "g");
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
    const subscription = await subscribe(t, topic, recorder);
    const missing = new Set(acknowledged);
    await recorder.until("all of them", () => {
      for (const { text } of recorder.received) missing.delete(text);
      return missing.size === 0;
    });
    await subscription.close();
  });
});

function bound(subscription: BrokerSubscription): BrokerSubscription {
  return {
    pause: () => subscription.pause(),
    resume: () => subscription.resume(),
    lag: () => subscription.lag?.() ?? Promise.resolve(0),
    close: () => subscription.close(),
  };
}

async function lagOf(client: PubSub, topic: string): Promise<number | undefined> {
  const subscription = await client.subscribe(
    subscribeRequest(topic, "g"),
    new Recorder({ prefetch: 100 }),
  );
  subscription.pause();
  await subscription.close();
  return subscription.lag?.();
}
