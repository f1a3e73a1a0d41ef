import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { eventually, temporaryDirectory, testCall } from "@layotto/sidecar-kit/testing";
import type { BrokerSubscription } from "../../component.ts";
import { Ledger } from "../../testing/ledger.ts";
import { Recorder } from "../../testing/recorder.ts";
import { publishRequest, subscribeRequest } from "../../testing/requests.ts";
import type { EmbeddedPubSub } from "./embedded.ts";
import { openEmbedded } from "./testing/open.ts";

const MESSAGES = 3000;
const KEYS = 12;

/** A subscription that settles its messages as it likes, those of one key one after another. */
interface Worker {
  readonly recorder: Recorder;
  readonly subscription: BrokerSubscription;
}

it("EmbeddedPubSub: subscriptions that come, go, pause and release lose nothing and keep the order of keys", async () => {
  const temporary = temporaryDirectory();
  const directory = join(temporary.path, "pubsub");
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = generator(seed);
  const pubsub = openEmbedded(directory);
  const ledger = new Ledger(true);
  const acked: string[] = [];
  const workers: Worker[] = [];
  const published = publish(pubsub);
  try {
    // Not so many steps: while the disk is slow there are more of them.
    for (const endMs = Date.now() + 60_000; acked.length < MESSAGES;) {
      assert.ok(Date.now() < endMs, "it does not come to an end");
      if (workers.length === 0 || (workers.length < 4 && random() < 0.05))
        workers.push(await joinGroup(pubsub, ledger, 1 + Math.floor(random() * 30)));
      const at = Math.floor(random() * workers.length);
      const worker = workers[at];
      if (worker !== undefined) act(worker, random, acked);
      if (worker !== undefined && random() < 0.02) {
        workers.splice(at, 1);
        worker.recorder.stop("closed");
        await worker.subscription.close();
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await published;
    assert.deepEqual(ledger.faults, []);
    assert.equal(new Set(acked).size, MESSAGES);
    inOrder(acked);
    const last = workers[0] ?? (await joinGroup(pubsub, ledger, 1));
    await eventually("lag 0", async () => (await last.subscription.lag?.()) === 0);
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  } finally {
    await pubsub.close();
    temporary.remove();
  }
});

async function publish(pubsub: EmbeddedPubSub): Promise<void> {
  for (let i = 0; i < MESSAGES; i += 50) {
    const some = Array.from({ length: 50 }, (_, j) => {
      const key = (i + j) % (KEYS + 1);
      const request = key === KEYS ? {} : { key: `k${key}` };
      return pubsub.publish(publishRequest("t", `k${key} ${i + j}`, request), testCall());
    });
    await Promise.all(some);
  }
}

async function joinGroup(
  pubsub: EmbeddedPubSub,
  ledger: Ledger,
  prefetch: number,
): Promise<Worker> {
  const recorder = new Recorder({ prefetch, ledger });
  const request = subscribeRequest("t", "g", { prefetch });
  return { recorder, subscription: await pubsub.subscribe(request, recorder) };
}

/** Settles some of the messages, of each key the oldest ones. */
function act({ recorder, subscription }: Worker, random: () => number, acked: string[]): void {
  const stuck = new Set<string>();
  if (random() < 0.1) subscription.pause();
  for (const item of recorder.open) {
    const { lane } = item.delivery;
    if (lane !== undefined && stuck.has(lane)) continue;
    const choice = random();
    if (choice < 0.6) {
      acked.push(item.text);
      recorder.ack(item);
    } else if (lane !== undefined) stuck.add(lane);
    if (choice > 0.95) releaseFrom(recorder, item.delivery.lane, item.text);
  }
  subscription.resume();
}

/** Releases a message and, as a subscription that keeps order does, all later ones of its key. */
function releaseFrom(recorder: Recorder, lane: string | undefined, text: string): void {
  const items = recorder.open;
  const from = items.findIndex((item) => item.text === text);
  const same = items.slice(from).filter((item) => item.delivery.lane === lane);
  recorder.release(...(lane === undefined ? same.slice(0, 1) : same.toReversed()));
}

function inOrder(texts: readonly string[]): void {
  const last = new Map<string, number>();
  for (const text of texts) {
    const [key = "", number = ""] = text.split(" ");
    if (key === `k${KEYS}`) continue;
    assert.ok(Number(number) > (last.get(key) ?? -1), `"${text}" came late`);
    last.set(key, Number(number));
  }
}

/** Numbers from 0 to 1 that are the same for the same seed (xorshift). */
function generator(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
