import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { RpcError } from "@layotto/sidecar-kit";
import {
  TcpProxy,
  eventually,
  firstLine,
  skipWithout,
  startScript,
  testCall,
  testComponentContext,
  testContext,
} from "@layotto/sidecar-kit/testing";
import { Recorder, publishRequest, subscribeRequest } from "../../testing/index.ts";
import { mqttMetadata } from "./metadata.ts";
import { MqttPubSub } from "./mqtt.ts";
import type { TargetTimes } from "./target.ts";
import { startMosquitto, type TestBroker } from "./testing/broker.ts";

const skip = skipWithout("mosquitto");

describe("mqtt: one session of a group, several processes", { skip }, () => {
  it("subscribe: a new process takes the session over, with all that is unsettled", async (t) => {
    const { open, publish } = await scene(t);
    const [older, newer] = [new Recorder({ prefetch: 5 }), new Recorder({ prefetch: 5 })];
    await (await open()).subscribe(subscribeRequest("t", "g", { prefetch: 5 }), older);
    await publish(5);
    await older.take(5);
    await (await open()).subscribe(subscribeRequest("t", "g", { prefetch: 5 }), newer);
    const again = await newer.take(5);
    await older.until("revoked", () => older.revoked.length === 5);
    assert.deepEqual(texts(again), ["m0", "m1", "m2", "m3", "m4"]);
    for (const { delivery } of again) assert.equal(delivery.redelivered, 1);
    // What the older one says now has no effect.
    for (const { delivery } of older.received) delivery.ack();
    newer.ackAll();
    await publish(3);
    assert.equal((await newer.take(3)).length, 3);
    assert.equal(older.received.length, 5);
  });

  it("subscribe: two live processes do not fight for the session", async (t) => {
    const { open, publish, context } = await scene(t);
    const [a, b] = [
      new Recorder({ prefetch: 5, acks: true }),
      new Recorder({ prefetch: 5, acks: true }),
    ];
    await (await open()).subscribe(subscribeRequest("t", "g", { prefetch: 5 }), a);
    await (await open()).subscribe(subscribeRequest("t", "g", { prefetch: 5 }), b);
    // Longer than the delay of a will: that of the older one must not come.
    for (const end = Date.now() + 2500; Date.now() < end;) {
      await publish(1);
      await b.take(1);
    }
    assert.equal(a.received.length, 0);
    assert.equal(context.lines.filter(({ msg }) => /another process/.test(String(msg))).length, 1);
  });

  it("close: the process that stands by takes the session back", async (t) => {
    const { open, publish } = await scene(t);
    const [a, b] = [new Recorder({ prefetch: 5 }), new Recorder({ prefetch: 5 })];
    await (await open()).subscribe(subscribeRequest("t", "g", { prefetch: 5 }), a);
    const newer = await (await open()).subscribe(subscribeRequest("t", "g", { prefetch: 5 }), b);
    await publish(3);
    await b.take(3);
    await newer.close();
    assert.deepEqual(texts(await a.take(3)), ["m0", "m1", "m2"]);
  });

  it("keep: leaves the process alone that has the session", async (t) => {
    const { open, publish, context } = await scene(t);
    const a = new Recorder({ prefetch: 5, acks: true });
    await (await open()).subscribe(subscribeRequest("t", "g", { prefetch: 5 }), a);
    await publish(1);
    await a.take(1);
    await (await open()).keep("t", "g");
    await publish(1);
    await a.take(1);
    assert.deepEqual(
      context.lines.filter(({ msg }) => /another process/.test(String(msg))),
      [],
    );
  });

  it("kill -9 of a process: the one that stands by gets what was unacknowledged", async (t) => {
    const { broker, open, publish } = await scene(t);
    const a = new Recorder({ prefetch: 5 });
    await (await open()).subscribe(subscribeRequest("t", "g", { prefetch: 5 }), a);
    const script = startScript(import.meta.url, "testing/consumer-process", broker.url);
    t.after(() => script.kill());
    await firstLine(script);
    const held = firstLine(script);
    await publish(4);
    assert.equal(await held, "holds 4");
    await script.kill();
    await publish(1);
    assert.deepEqual(texts(await a.take(5)), ["m0", "m1", "m2", "m3", "m0"]);
  });
});

describe("mqtt: connections that break", { skip }, () => {
  it("a cut connection: unsettled messages stay, are settled later and come once", async (t) => {
    const { broker, open, publish } = await scene(t);
    const proxy = await proxyOf(t, broker);
    const sub = new Recorder({ prefetch: 4 });
    const behind = await open({}, proxy.address);
    await behind.subscribe(subscribeRequest("t", "g", { prefetch: 4 }), sub);
    await publish(6);
    const held = await sub.take(4);
    proxy.cut();
    sub.ack(...held.slice(0, 2)); // the broker cannot be told now
    await sub.take(2);
    assert.deepEqual(sub.revoked, []);
    sub.ackAll();
    await publish(1);
    await sub.take(1);
    assert.deepEqual(texts(sub.received), ["m0", "m1", "m2", "m3", "m4", "m5", "m0"]);
  });

  it("a stalled connection: found out by keepalive; publish ends by its deadline", async (t) => {
    const { broker, open, publish } = await scene(t);
    const proxy = await proxyOf(t, broker);
    const sub = new Recorder({ prefetch: 4, acks: true });
    const behind = await open({ keepaliveS: 1, connectTimeoutMs: 2000 }, proxy.address);
    await behind.subscribe(subscribeRequest("t", "g", { prefetch: 4 }), sub);
    proxy.stall();
    const late = behind.publish(publishRequest("t", "late"), testCall(Date.now() + 200));
    await assert.rejects(late, reason("BACKEND_TIMEOUT"));
    await publish(1);
    await eventually("an outage that is noticed", async () => {
      const call = testCall(Date.now() + 100);
      const fault = await behind.publish(publishRequest("t", "x"), call).catch((e: unknown) => e);
      return (fault as RpcError).reason === "BACKEND_UNAVAILABLE";
    });
    proxy.resume();
    await sub.until("m0", () => sub.received.some(({ text }) => text === "m0"));
  });

  it("publish: what was reported as failed is never sent afterwards", async (t) => {
    const { broker, open } = await scene(t);
    const sub = new Recorder({ prefetch: 9, acks: true });
    const client = await open();
    await client.subscribe(subscribeRequest("t", "g", { prefetch: 9 }), sub);
    await broker.server.kill();
    const failed = Array.from({ length: 5 }, () =>
      client.publish(publishRequest("t", "no"), testCall()),
    );
    for (const each of await Promise.allSettled(failed)) assert.equal(each.status, "rejected");
    await assert.rejects(
      client.publish(publishRequest("t", "no"), testCall()),
      reason("BACKEND_UNAVAILABLE"),
    );
    await broker.server.restart();
    // The broker may have lost the subscription, which comes back a moment after the publisher.
    await eventually("a subscription that is there again", async () => {
      await client.publish(publishRequest("t", "yes"), testCall()).catch(() => undefined);
      return sub.received.length > 0;
    });
    await client.publish(publishRequest("t", "last"), testCall());
    await sub.until("last", () => texts(sub.received).includes("last"));
    assert.deepEqual([...new Set(texts(sub.received))], ["yes", "last"]);
  });

  it("a broker that has lost everything: what is unsettled stays, and new messages come", async (t) => {
    const { broker, open, publish, context } = await scene(t);
    const sub = new Recorder({ prefetch: 2 });
    const client = await open();
    await client.subscribe(subscribeRequest("t", "g", { prefetch: 2 }), sub);
    await publish(2);
    const held = await sub.take(2);
    await broker.server.kill();
    rmSync(join(broker.dir, "mosquitto.db"), { force: true });
    await broker.server.restart();
    const isLost = () => context.lines.some(({ msg }) => /lost the session/.test(String(msg)));
    await eventually("a session that is made anew", isLost);
    assert.deepEqual(sub.revoked, []);
    sub.release(...held.slice(0, 1));
    assert.deepEqual(texts(await sub.take(1)), ["m0"]);
    sub.ackAll();
    // Until the broker knows the subscription again, what is published there goes to nobody.
    await eventually("a message after the loss", async () => {
      await client.publish(publishRequest("t", "new"), testCall()).catch(() => "");
      return sub.received.some(({ text }) => text === "new");
    });
  });

  it("connections that are cut all the time, and processes that come and go: nothing is lost", async (t) => {
    const { broker, open } = await scene(t);
    const proxy = await proxyOf(t, broker);
    const all = Array.from({ length: 1000 }, (_, i) => `n${i}`);
    const subs: Recorder[] = [];
    const process = async (): Promise<void> => {
      const sub = new Recorder({ prefetch: 50 });
      sub.listen(() => setImmediate(() => sub.ack(...sub.open)));
      subs.push(sub);
      const client = await eventually("a client", () =>
        open({}, proxy.address).catch(() => undefined),
      );
      const subscribe = () => client.subscribe(subscribeRequest("t", "g", { prefetch: 50 }), sub);
      await eventually("a subscription", () => subscribe().catch(() => undefined));
    };
    await process();
    const publisher = await open();
    const publishing = (async () => {
      for (const text of all) await publisher.publish(publishRequest("t", text), testCall());
    })();
    let isPublished = false;
    void publishing.then(() => (isPublished = true));
    while (!isPublished) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      proxy.cut();
      if (subs.length < 4) await process();
    }
    const seen = () => new Set(subs.flatMap(({ received }) => texts(received)));
    await eventually("all messages", () => seen().size === all.length, 30_000);
  });

  it("open: rejects while the broker is away, and leaves nothing behind", async (t) => {
    const { broker, open } = await scene(t);
    await broker.server.kill();
    await assert.rejects(open(), reason("BACKEND_UNAVAILABLE"));
  });

  it("close: ends in time although the broker is stalled", async (t) => {
    const { broker, open } = await scene(t);
    const proxy = await proxyOf(t, broker);
    const client = await open({ callTimeoutMs: 300 }, proxy.address);
    await client.subscribe(subscribeRequest("t", "g"), new Recorder({ prefetch: 100 }));
    proxy.stall();
    const startMs = Date.now();
    await client.close();
    // The limit of 300 ms for what it does, one after another.
    assert.ok(Date.now() - startMs < 5000);
  });
});

/** A broker, and clients that are closed at the end. */
async function scene(t: TestContext) {
  const broker = await startMosquitto();
  const context = testContext();
  const clients: MqttPubSub[] = [];
  t.after(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await broker.stop();
  });
  const open = async (times: TargetTimes = {}, address = broker.server.address) => {
    const metadata = mqttMetadata.parse({ url: `mqtt://${address}` });
    const { logger } = context;
    const client = await MqttPubSub.open(metadata, testComponentContext({ logger }), times);
    clients.push(client);
    return client;
  };
  const publisher = await open();
  const publish = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++)
      await publisher.publish(publishRequest("t", `m${i}`), testCall());
  };
  return { broker, context, open, publish };
}

async function proxyOf(t: TestContext, broker: TestBroker): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(broker.server.port);
  t.after(() => proxy.close());
  return proxy;
}

function texts(items: readonly { readonly text: string }[]): string[] {
  return items.map(({ text }) => text);
}

function reason(name: string): (error: unknown) => boolean {
  return (error) => (error as RpcError).reason === name;
}
