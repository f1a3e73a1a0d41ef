import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { it } from "node:test";
import { RpcError } from "@layotto/sidecar-kit";
import { testCall } from "@layotto/sidecar-kit/testing";
import type { BrokerSubscription, PubSub, PublishRequest } from "../component.ts";
import { Ledger } from "../testing/ledger.ts";
import { Recorder, untilAny } from "../testing/recorder.ts";
import { publishRequest, subscribeRequest } from "../testing/requests.ts";
import type { PubSubHarness, PubSubTraits } from "./traits.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

/** What all tests of a suite share. */
export interface Stage {
  readonly harness: PubSubHarness;
  readonly client: PubSub;
  /** A second client of the same broker; the same one where there can be only one. */
  readonly other: PubSub;
}

/** What to subscribe to in a test. */
export interface SceneSubscription {
  topic: string;
  group: string;
  /** Default 100. */
  prefetch?: number;
  /** Acknowledges at once. Default false. */
  acks?: boolean;
  client?: PubSub;
}

/** A subscription of a test. */
export class Subscriber extends Recorder {
  #subscription: BrokerSubscription | undefined;
  #closed: Promise<void> | undefined;

  attach(subscription: BrokerSubscription): void {
    this.#subscription = subscription;
  }

  async lag(): Promise<number | undefined> {
    return this.#subscription?.lag?.();
  }

  pause(): void {
    this.stop("paused");
    this.#subscription?.pause();
  }

  resume(): void {
    this.start();
    this.#subscription?.resume();
  }

  /** May be called again. */
  close(): Promise<void> {
    if (this.#closed === undefined) this.stop("closed");
    this.#closed ??= this.#subscription?.close() ?? Promise.resolve();
    return this.#closed;
  }
}

/** One test: what it opens is closed at its end, and what its subscribers found wrong fails it. */
export class Scene {
  readonly stage: Stage;
  readonly traits: PubSubTraits;
  readonly client: PubSub;
  readonly other: PubSub;
  readonly timeoutMs: number;
  readonly #ledgers = new Map<string, Ledger>();
  readonly #subscribers: Subscriber[] = [];
  readonly #clients = new Set<PubSub>();

  constructor(stage: Stage, traits: PubSubTraits) {
    this.stage = stage;
    this.traits = traits;
    this.client = stage.client;
    this.other = stage.other;
    this.timeoutMs = traits.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  async topic(): Promise<string> {
    return this.stage.harness.topic();
  }

  group(): string {
    return this.stage.harness.group?.() ?? `group-${randomUUID().slice(0, 8)}`;
  }

  /** A client of this test alone. */
  async open(): Promise<PubSub> {
    const client = await this.stage.harness.open();
    this.#clients.add(client);
    return client;
  }

  /** Closes a client of {@link open} before the test ends. */
  async closeClient(client: PubSub): Promise<void> {
    this.#clients.delete(client);
    await client.close();
  }

  async publish(
    topic: string,
    data: string | Uint8Array,
    part: Partial<PublishRequest> = {},
    client = this.client,
  ): Promise<string> {
    return client.publish(publishRequest(topic, data, part), testCall());
  }

  /** Publishes one after another: the order is that of `texts`. */
  async publishAll(
    topic: string,
    texts: readonly string[],
    part: Partial<PublishRequest> = {},
  ): Promise<void> {
    for (const text of texts) await this.publish(topic, text, part);
  }

  /** Publishes again and again until the broker is there; it may have the message several times then. */
  async publishEventually(topic: string, text: string): Promise<void> {
    await this.eventually(async () => {
      const call = testCall(Date.now() + 1000);
      await this.client.publish(publishRequest(topic, text), call);
    });
  }

  async subscribe(options: SceneSubscription): Promise<Subscriber> {
    const { topic, group, prefetch = 100, client = this.client } = options;
    const subscriber = new Subscriber({
      prefetch,
      acks: options.acks ?? false,
      ledger: this.#ledger(topic, group),
      timeoutMs: this.timeoutMs,
    });
    subscriber.attach(
      await client.subscribe(subscribeRequest(topic, group, { prefetch }), subscriber),
    );
    this.#subscribers.push(subscriber);
    return subscriber;
  }

  /** Subscribes once, so that the group is there and keeps what is published from now on. */
  async createGroup(topic: string, group: string): Promise<void> {
    const subscriber = await this.subscribe({ topic, group });
    await subscriber.close();
  }

  /** Tries again until `attempt` does not reject; what has no event, such as a broker that comes back. */
  async eventually<T>(attempt: () => Promise<T>): Promise<T> {
    for (const end = Date.now() + this.timeoutMs; ;) {
      try {
        return await attempt();
      } catch (error) {
        if (Date.now() > end) throw error;
        await pause(25);
      }
    }
  }

  /** Waits until every text was handed to at least one of the subscribers. */
  async all(texts: readonly string[], ...subscribers: readonly Subscriber[]): Promise<void> {
    const missing = new Set(texts);
    const seen = subscribers.map(() => 0);
    const holds = (): boolean => {
      for (const [i, { received }] of subscribers.entries()) {
        for (const { text } of received.slice(seen[i])) missing.delete(text);
        seen[i] = received.length;
      }
      return missing.size === 0;
    };
    await untilAny(subscribers, `all of ${texts.length} messages`, holds, this.timeoutMs).catch(
      (cause: unknown) => {
        const some = [...missing].slice(0, 20).join(", ");
        throw new Error(`${missing.size} messages did not come: ${some}`, { cause });
      },
    );
  }

  /** Shows that for a while nothing arrives that no `take` has returned. */
  async quiet(...subscribers: readonly Subscriber[]): Promise<void> {
    await pause(this.traits.quietMs ?? 60);
    for (const { rest } of subscribers) assert.deepEqual(texts(rest), []);
  }

  async end(): Promise<void> {
    await Promise.all(this.#subscribers.map((subscriber) => subscriber.close()));
    for (const client of this.#clients) await client.close();
  }

  /** Fails the test when a subscriber found something wrong. */
  check(): void {
    for (const ledger of this.#ledgers.values()) assert.deepEqual(ledger.faults, []);
  }

  #ledger(topic: string, group: string): Ledger {
    const name = `${group}\n${topic}`;
    const ledger = this.#ledgers.get(name) ?? new Ledger(this.traits.order !== undefined);
    this.#ledgers.set(name, ledger);
    return ledger;
  }
}

/** Registers tests of a suite. */
export interface Register {
  (name: string, test: (scene: Scene) => Promise<void>): void;
  /** The same when `trait` is true, otherwise nothing. */
  if(trait: boolean | undefined): (name: string, test: (scene: Scene) => Promise<void>) => void;
}

/** Makes `it` for tests that get a {@link Scene}. @param stage the stage, once it is set */
export function scenes(traits: PubSubTraits, stage: () => Stage | undefined): Register {
  const timeout = 6 * (traits.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const register = (name: string, test: (scene: Scene) => Promise<void>): void => {
    void it(name, { timeout }, async () => {
      const set = stage();
      assert.ok(set !== undefined, "the broker did not start");
      await play(new Scene(set, traits), test);
    });
  };
  const none = (): void => undefined;
  return Object.assign(register, {
    if: (trait: boolean | undefined) => (trait === true ? register : none),
  });
}

/** Runs a test. Its own fault is told before one of its end. */
async function play(scene: Scene, test: (scene: Scene) => Promise<void>): Promise<void> {
  try {
    await test(scene);
  } catch (error) {
    await scene.end().catch(() => undefined);
    throw error;
  }
  await scene.end();
  scene.check();
}

/** `count` texts that are different. */
export function numbered(count: number, prefix = "m"): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

/** What the messages say. */
export function texts(items: readonly { readonly text: string }[]): string[] {
  return items.map(({ text }) => text);
}

/** Whether an error is an `RpcError` with one of these reasons. */
export function hasReason(...reasons: readonly string[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof RpcError, `an RpcError is expected, not ${String(error)}`);
    assert.ok(
      reasons.includes(error.reason),
      `unexpected reason ${error.reason}: ${error.message}`,
    );
    return true;
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
