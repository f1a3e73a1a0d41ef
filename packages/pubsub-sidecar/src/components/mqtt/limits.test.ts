import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { redactSecrets, type RpcError } from "@layotto/sidecar-kit";
import {
  eventually,
  skipWithout,
  testCall,
  testComponentContext,
} from "@layotto/sidecar-kit/testing";
import { Recorder, publishRequest, subscribeRequest } from "../../testing/index.ts";
import { mqttMetadata } from "./metadata.ts";
import { MqttPubSub } from "./mqtt.ts";
import { groupNames, topicFault } from "./names.ts";
import { startMosquitto } from "./testing/broker.ts";

describe("mqtt: limits of the broker", { skip: skipWithout("mosquitto") }, () => {
  it("publish: keeps within the messages that the broker takes at a time", async (t) => {
    const client = await open(t, ["max_inflight_messages 3", "max_queued_messages 0"]);
    const sub = new Recorder({ prefetch: 100, acks: true });
    await client.subscribe(subscribeRequest("t", "g"), sub);
    const ids = Array.from({ length: 300 }, (_, i) =>
      client.publish(publishRequest("t", `${i}`), testCall()),
    );
    assert.equal(new Set(await Promise.all(ids)).size, 300);
    const came = await sub.take(300);
    assert.deepEqual(
      came.map(({ text }) => Number(text)),
      Array.from({ length: 300 }, (_, i) => i),
    );
  });

  it("publish: a payload above max_packet_size is refused with both sizes", async (t) => {
    const client = await open(t, ["max_packet_size 2000"]);
    assert.equal(client.maxMessageBytes, 2000 - 256);
    await assert.rejects(
      client.publish(publishRequest("t", "x".repeat(2000)), testCall()),
      (e: RpcError) => {
        assert.equal(e.reason, "BACKEND_LIMIT");
        return /has 2000 bytes, mqtt takes 1\d\d\d/.test(e.message);
      },
    );
    const { maxMessageBytes } = client;
    await client.publish(publishRequest("t", "x".repeat(maxMessageBytes - 100)), testCall());
  });

  it("publish: a payload above message_size_limit fails, and the next one does not", async (t) => {
    const client = await open(t, ["message_size_limit 100"]);
    // mosquitto answers with a reason code that MQTT does not have there, which ends the connection.
    const failed = client.publish(publishRequest("t", "x".repeat(101)), testCall());
    await assert.rejects(failed, (e: RpcError) => e.reason === "BACKEND_UNAVAILABLE");
    await eventually("a connection", () =>
      client.publish(publishRequest("t", "x".repeat(100)), testCall()).catch(() => undefined),
    );
  });

  it("publish: a message of which the time is up does not come", async (t) => {
    const client = await open(t);
    await client.keep("t", "g");
    await client.publish(publishRequest("t", "old", { ttlMs: 1 }), testCall());
    await client.publish(publishRequest("t", "new", { ttlMs: 60_000 }), testCall());
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const sub = new Recorder({ prefetch: 100, acks: true });
    await client.subscribe(subscribeRequest("t", "g"), sub);
    assert.deepEqual(
      (await sub.take(1)).map(({ text }) => text),
      ["new"],
    );
  });

  it("publish: nobody took it: it is acknowledged all the same", async (t) => {
    const client = await open(t);
    assert.notEqual(await client.publish(publishRequest("nobody", "x"), testCall()), "");
  });

  it("cleanSession: nothing is kept while nobody is connected", async (t) => {
    const client = await open(t, [], { cleanSession: "true" });
    assert.equal(client.features.has("durable"), false);
    const first = await client.subscribe(
      subscribeRequest("t", "g"),
      new Recorder({ prefetch: 100 }),
    );
    await first.close();
    await client.publish(publishRequest("t", "away"), testCall());
    const sub = new Recorder({ prefetch: 100, acks: true });
    await client.subscribe(subscribeRequest("t", "g"), sub);
    await client.publish(publishRequest("t", "there"), testCall());
    assert.deepEqual(
      (await sub.take(1)).map(({ text }) => text),
      ["there"],
    );
  });

  it("close: leaves no connection open", async (t) => {
    const client = await open(t);
    await client.subscribe(subscribeRequest("t", "g"), new Recorder({ prefetch: 100 }));
    await client.ping();
    await client.close();
    await assert.rejects(client.ping(), (e: RpcError) => e.reason === "BACKEND_UNAVAILABLE");
    const call = client.publish(publishRequest("t", "x"), testCall());
    await assert.rejects(call, (e: RpcError) => e.reason === "BACKEND_UNAVAILABLE");
  });
});

describe("mqtt: names", () => {
  it("topicFault: names the rule", () => {
    for (const topic of ["a", "a/b", "ä/🙂", "/", "a b", "x".repeat(65_535)])
      assert.equal(topicFault(topic), undefined, topic);
    assert.match(topicFault("a/+") ?? "", /"\+" or "#"/);
    assert.match(topicFault("#") ?? "", /"\+" or "#"/);
    assert.match(topicFault("a\0") ?? "", /U\+0000/);
    assert.match(topicFault("\ud800") ?? "", /Unicode/);
    assert.match(topicFault("$SYS/x") ?? "", /begin with "\$"/);
    assert.match(topicFault("ä".repeat(32_768)) ?? "", /65535 bytes/);
    assert.match(topicFault("") ?? "", /one character/);
  });

  it("groupNames: 23 letters and digits, others for each group and topic", () => {
    const { clientId } = groupNames("orders/new", "shop-eu.west ü");
    assert.match(clientId, /^shopeuw[0-9a-f]{16}$/);
    assert.equal(groupNames("orders/new", "shop-eu.west ü").clientId, clientId);
    assert.notEqual(groupNames("orders/old", "shop-eu.west ü").clientId, clientId);
    assert.notEqual(groupNames("orders/new", "shop-eu.west").clientId, clientId);
  });
});

describe("mqtt: metadata", () => {
  const faults = (metadata: object): unknown[] =>
    mqttMetadata
      .safeParse(metadata)
      .error?.issues.map(({ path, message }) => [path.join(), message]) ?? [];

  it("takes the keys of Dapr's component", () => {
    const full = { url: "mqtts://u:p@host:8883", qos: "1", retain: "true", cleanSession: "false" };
    assert.deepEqual(
      faults({ ...full, backOffMaxRetries: "5", consumerID: "c", caCert: "pem" }),
      [],
    );
  });

  it("says why qos 0 and 2 are refused, and what a URL is", () => {
    for (const qos of [0, "2"])
      assert.match(
        String(faults({ url: "mqtt://h", qos })[0]),
        /^qos,must be 1: with 0 messages are lost/,
      );
    for (const url of ["h:1883", "http://h", "mqtt://", "mqtt://h/x"])
      assert.match(String(faults({ url })[0]), /^url,must be a URL such as mqtt:/, url);
    assert.match(
      String(faults({ url: "mqtt://h", clientCert: "pem" })[0]),
      /^clientKey,must be given/,
    );
  });

  it("keeps the password of the URL out of logs", () => {
    mqttMetadata.parse({ url: "mqtt://user:hunter%402@host" });
    assert.ok(!redactSecrets("mqtt://user:hunter%402@host hunter@2").includes("hunter"));
  });
});

async function open(
  t: TestContext,
  settings: readonly string[] = [],
  part: Record<string, unknown> = {},
): Promise<MqttPubSub> {
  const broker = await startMosquitto(settings);
  t.after(() => broker.stop());
  const metadata = mqttMetadata.parse({ url: broker.url, ...part });
  const client = await MqttPubSub.open(metadata, testComponentContext());
  t.after(() => client.close());
  return client;
}
