import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  eventually,
  realWait,
  startScript,
  temporaryDirectory,
  testCall,
  type Script,
  type TemporaryDirectory,
} from "@layotto/sidecar-kit/testing";
import { Recorder } from "../../testing/recorder.ts";
import { publishRequest, subscribeRequest } from "../../testing/requests.ts";
import type { EmbeddedPubSub } from "./embedded.ts";
import { openEmbedded } from "./testing/open.ts";

const KILLS = process.env["LAYOTTO_LONG"] === "1" ? 100 : 20;
const KEYS = 4;

describe("EmbeddedPubSub when processes are killed", () => {
  let temporary: TemporaryDirectory;
  let directory: string;
  const children: Child[] = [];
  beforeEach(() => {
    temporary = temporaryDirectory();
    directory = join(temporary.path, "pubsub");
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()));
    temporary.remove();
  });

  it(`loses no acknowledged message when the publisher is killed, ${KILLS} times`, async () => {
    let from = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = start("publish", String(from));
      await child.said("");
      await realWait(Math.random() * 40);
      await child.kill();
      const pubsub = openEmbedded(directory);
      const came = await drain(pubsub);
      // The kill may have cut the last line short.
      for (const line of child.lines.slice(0, -1)) assert.ok(came.has(line), `"${line}" is lost`);
      inOrder([...came]);
      from += 1_000_000;
      await pubsub.close();
    }
  });

  it("a consumer that is killed: what it acknowledged does not come again, the rest does, in order", async () => {
    const pubsub = openEmbedded(directory);
    const all = await publish(pubsub, 200);
    const child = start("consume", "100");
    await child.said("idle");
    const recorder = new Recorder({ prefetch: 1000, acks: true });
    const request = subscribeRequest("t", "g", { prefetch: 1000 });
    const subscription = await pubsub.subscribe(request, recorder);
    // Who waits for the group sees what is on disk of it.
    const isStored = async (): Promise<boolean> => (await subscription.lag?.()) === 100;
    await eventually("the acknowledgements on disk", isStored);
    assert.equal(recorder.received.length, 0);
    await child.kill();
    const came = (await recorder.take(100)).map(({ text }) => text);
    assert.deepEqual(came, all.slice(100));
    await realWait(60);
    assert.equal(recorder.received.length, 100);
    await pubsub.close();
  });

  it("a consumer that is killed at any moment: nothing is lost, and the order of a key is kept", async () => {
    const pubsub = openEmbedded(directory);
    const all = await publish(pubsub, 2000);
    const acked = new Set<string>();
    for (let kill = 0; kill < 5; kill++) {
      const child = start("consume", "100000");
      await child.said("subscribed");
      await realWait(Math.random() * 10);
      await child.kill();
      for (const text of child.after("ack ")) acked.add(text);
    }
    const left = await drain(pubsub, "g");
    inOrder([...left]);
    for (const text of all) assert.ok(acked.has(text) || left.has(text), `"${text}" is lost`);
    await pubsub.close();
  });

  it("another process waits for the group and takes over when the first one closes", async () => {
    const pubsub = openEmbedded(directory);
    const all = await publish(pubsub, 20);
    const first = new Recorder({ prefetch: 5 });
    const request = subscribeRequest("t", "g", { prefetch: 5 });
    const subscription = await pubsub.subscribe(request, first);
    first.ack(...(await first.take(5)).slice(0, 3));
    const held = await first.take(3);
    const child = start("consume", "100000");
    await child.said("subscribed");
    await realWait(60);
    assert.deepEqual(child.after("got "), []);
    assert.equal(held.length, 3);
    await subscription.close();
    await child.said("got ", 17);
    assert.deepEqual(child.after("got "), all.slice(3));
    await pubsub.close();
  });

  it("messages of another process arrive without a restart of anything", async () => {
    const pubsub = openEmbedded(directory);
    const recorder = new Recorder({ prefetch: 100, acks: true });
    await pubsub.subscribe(subscribeRequest("t", "g"), recorder);
    const child = start("publish", "0");
    await recorder.take(100);
    await child.kill();
    await pubsub.close();
  });

  it("delayed messages of a process that is killed are published exactly once by another", async () => {
    const pubsub = openEmbedded(directory);
    const recorder = new Recorder({ prefetch: 1000, acks: true });
    await pubsub.subscribe(subscribeRequest("t", "g", { prefetch: 1000 }), recorder);
    const child = start("later", "1000", "100");
    await child.said("stored");
    await recorder.take(300);
    await child.kill();
    const texts = [...recorder.received, ...(await recorder.take(700))].map(({ text }) => text);
    assert.equal(new Set(texts).size, 1000);
    await realWait(60);
    assert.equal(recorder.received.length, 1000);
    await pubsub.close();
  });

  function start(command: string, ...args: string[]): Child {
    const module = "./testing/embedded-process";
    const child = new Child(startScript(import.meta.url, module, command, directory, ...args));
    children.push(child);
    return child;
  }
});

/** Publishes numbers with a few keys, one after another. */
async function publish(pubsub: EmbeddedPubSub, count: number): Promise<string[]> {
  const all = Array.from({ length: count }, (_, i) => ({ key: `k${i % KEYS}`, number: i }));
  await Promise.all(
    all.map(({ key, number }) =>
      pubsub.publish(publishRequest("t", `${key} ${number}`, { key }), testCall()),
    ),
  );
  return all.map(({ key, number }) => `${key} ${number}`);
}

/** Takes all that a group has not acknowledged. */
async function drain(pubsub: EmbeddedPubSub, group = "check"): Promise<Set<string>> {
  const recorder = new Recorder({ prefetch: 1000, acks: true });
  const subscription = await pubsub.subscribe(
    subscribeRequest("t", group, { prefetch: 1000 }),
    recorder,
  );
  await eventually("everything", async () => (await subscription.lag?.()) === 0);
  await subscription.close();
  return new Set(recorder.received.map(({ text }) => text));
}

/** Checks that the numbers of each key rise. */
function inOrder(texts: readonly string[]): void {
  const last = new Map<string, number>();
  for (const text of texts) {
    const [key = "", number = ""] = text.split(" ");
    assert.ok(Number(number) > (last.get(key) ?? -1), `"${text}" came late`);
    last.set(key, Number(number));
  }
}

/** A script and what it has printed. */
class Child {
  readonly lines: string[] = [];
  readonly kill: () => Promise<void>;
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
    this.kill = () => script.kill();
    script.lines.on("line", (line) => this.lines.push(line));
  }

  /** What it printed behind a word, e.g. `"got "`. */
  after(word: string): string[] {
    return this.lines
      .filter((line) => line.startsWith(word))
      .map((line) => line.slice(word.length));
  }

  /** Waits until there are so many lines that are, or begin with, `text`. */
  async said(text: string, count = 1): Promise<void> {
    const ends = AbortSignal.timeout(10_000);
    while (this.after(text).length < count)
      await once(this.#script.lines, "line", { signal: ends });
  }
}
