import assert from "node:assert/strict";
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  eventually,
  temporaryDirectory,
  testCall,
  testComponentContext,
  type TemporaryDirectory,
} from "@layotto/sidecar-kit/testing";
import { pubsubConformance } from "../../conformance.ts";
import { Recorder } from "../../testing/recorder.ts";
import { publishRequest, subscribeRequest } from "../../testing/requests.ts";
import { embedded } from "./embedded.ts";
import { embeddedPubSubMetadata } from "./metadata.ts";
import { openEmbedded } from "./testing/open.ts";

let topics = 0;

pubsubConformance(
  "embedded",
  () => {
    const temporary = temporaryDirectory();
    const directory = join(temporary.path, "pubsub");
    return Promise.resolve({
      open: () => Promise.resolve(openEmbedded(directory)),
      topic: () => `topic-${topics++}`,
      illegalTopic: "t".repeat(256),
      close: () => Promise.resolve(temporary.remove()),
    });
  },
  {
    order: "key",
    spansProcesses: true,
    outlivesClient: true,
    backlog: true,
    lag: true,
    delay: true,
    redelivered: true,
  },
);

describe("EmbeddedPubSub", () => {
  let temporary: TemporaryDirectory;
  let directory: string;
  beforeEach(() => {
    temporary = temporaryDirectory();
    directory = join(temporary.path, "pubsub");
  });
  afterEach(() => temporary.remove());

  it("refuses the directory of another installation and leaves it untouched", async () => {
    const dataDir = temporary.path;
    const metadata = embeddedPubSubMetadata.parse({});
    const mine = await embedded.open(metadata, testComponentContext({ dataDir }));
    await mine.close();
    const label = join(directory, "layotto.json");
    const before = readFileSync(label, "utf8");
    const stranger = testComponentContext({ dataDir, installation: "other" });
    await assert.rejects(embedded.open(metadata, stranger), { reason: "DATA_DIR_REFUSED" });
    assert.equal(readFileSync(label, "utf8"), before);
  });

  it("refuses a directory with data that is not labelled", async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, "data.mdb"), "something");
    const context = testComponentContext({ dataDir: temporary.path });
    const opened = embedded.open(embeddedPubSubMetadata.parse({}), context);
    await assert.rejects(opened, { reason: "DATA_DIR_REFUSED" });
  });

  it("keeps messages, groups and delayed messages over a restart", async () => {
    const first = openEmbedded(directory);
    await first.publish(publishRequest("t", "a"), testCall());
    await first.publish(publishRequest("t", "b"), testCall());
    await first.publishLater(publishRequest("t", "c"), 50, testCall());
    const early = new Recorder({ prefetch: 1 });
    await first.subscribe(subscribeRequest("t", "g", { prefetch: 1 }), early);
    early.ack(...(await early.take(1)));
    await first.close();
    const second = openEmbedded(directory);
    const late = new Recorder({ prefetch: 100, acks: true });
    const subscription = await second.subscribe(subscribeRequest("t", "g"), late);
    const texts = (await late.take(2)).map(({ text }) => text);
    assert.deepEqual(texts, ["b", "c"]);
    assert.equal(await subscription.lag?.(), 0);
    await second.close();
  });

  it("components with different names never see each other's topics", async () => {
    const [a, b] = [
      openEmbedded(directory, { name: "a" }),
      openEmbedded(directory, { name: "a/b" }),
    ];
    const inA = new Recorder({ prefetch: 10 });
    const inB = new Recorder({ prefetch: 10 });
    await a.subscribe(subscribeRequest("b/t", "g"), inA);
    await b.subscribe(subscribeRequest("t", "g"), inB);
    await a.publish(publishRequest("b/t", "1"), testCall());
    await b.publish(publishRequest("t", "2"), testCall());
    assert.equal((await inA.take(1))[0]?.text, "1");
    assert.equal((await inB.take(1))[0]?.text, "2");
    await Promise.all([a.close(), b.close()]);
    assert.deepEqual([inA.received.length, inB.received.length], [1, 1]);
  });

  it("publish: not after the deadline, and the message is not there", async () => {
    const pubsub = openEmbedded(directory);
    const late = pubsub.publish(publishRequest("t", "late"), testCall(Date.now() - 1));
    await assert.rejects(late, { reason: "BACKEND_TIMEOUT" });
    const recorder = new Recorder({ prefetch: 10 });
    await pubsub.subscribe(subscribeRequest("t", "g"), recorder);
    await pubsub.publish(publishRequest("t", "next"), testCall());
    assert.equal((await recorder.take(1))[0]?.text, "next");
    await pubsub.close();
  });

  it("publish: 16 MiB arrive, one byte more is refused", async () => {
    const pubsub = openEmbedded(directory);
    const recorder = new Recorder({ prefetch: 1, acks: true });
    await pubsub.subscribe(subscribeRequest("t", "g", { prefetch: 1 }), recorder);
    const most = Buffer.alloc(pubsub.maxMessageBytes, "0123456789");
    await pubsub.publish(publishRequest("t", most), testCall());
    assert.ok((await recorder.take(1))[0]?.data.equals(most));
    const more = publishRequest("t", Buffer.alloc(pubsub.maxMessageBytes + 1));
    await assert.rejects(async () => pubsub.publish(more, testCall()), { reason: "BACKEND_LIMIT" });
    await assert.rejects(pubsub.publishLater(more, 1, testCall()), { reason: "BACKEND_LIMIT" });
    await pubsub.close();
  });

  it("publish: metadata and key come with the message", async () => {
    const pubsub = openEmbedded(directory);
    const recorder = new Recorder({ prefetch: 2 });
    await pubsub.subscribe(subscribeRequest("t", "g", { prefetch: 2 }), recorder);
    const part = { key: "schlüssel", metadata: { ä: "ö" } };
    await pubsub.publish(publishRequest("t", "with", part), testCall());
    await pubsub.publish(publishRequest("t", "without", { key: "" }), testCall());
    const [one, two] = await recorder.take(2);
    assert.deepEqual([one?.delivery.lane, one?.delivery.metadata], [part.key, part.metadata]);
    assert.deepEqual([two?.delivery.lane, two?.delivery.metadata], ["", undefined]);
    await pubsub.close();
  });

  it("topicFault: 1 to 255 bytes", async () => {
    const pubsub = openEmbedded(directory);
    for (const topic of ["t", "ü".repeat(127), "any thing/at.all*"])
      assert.equal(pubsub.topicFault(topic), undefined);
    for (const topic of ["", "ü".repeat(128)])
      assert.match(pubsub.topicFault(topic) ?? "", /^must have 1 to 255 bytes/);
    await pubsub.close();
  });

  it("subscribe: one key that is held up does not stop other keys", async () => {
    const pubsub = openEmbedded(directory);
    const slow = new Recorder({ prefetch: 1 });
    await pubsub.subscribe(subscribeRequest("t", "g", { prefetch: 1 }), slow);
    await pubsub.publish(publishRequest("t", "red0", { key: "red" }), testCall());
    await slow.take(1);
    const quick = new Recorder({ prefetch: 1, acks: true });
    await pubsub.subscribe(subscribeRequest("t", "g", { prefetch: 1 }), quick);
    for (let i = 1; i < 50; i++)
      await pubsub.publish(publishRequest("t", `red${i}`, { key: "red" }), testCall());
    await pubsub.publish(publishRequest("t", "blue", { key: "blue" }), testCall());
    assert.equal((await quick.take(1))[0]?.text, "blue");
    slow.ackAll();
    await eventually("all", () => slow.received.length + quick.received.length === 51);
    const red = [...slow.received, ...quick.received].filter(({ text }) => text !== "blue");
    assert.equal(red.length, 50);
    await pubsub.close();
  });
});
