import { testCall } from "@layotto/sidecar-kit/testing";
import type { Delivery, PubSub, Receiver } from "../../../component.ts";
import { publishRequest } from "../../../testing/requests.ts";

/** Publishers that number their messages, one after another per key, and write down which were acknowledged. */
export class Traffic {
  /** Key → numbers that the broker acknowledged. */
  readonly acknowledged = new Map<string, number[]>();
  readonly failures: unknown[] = [];
  readonly #client: PubSub;
  readonly #topic: string;
  #stopped = false;
  #running: Promise<void>[] = [];

  constructor(client: PubSub, topic: string) {
    this.#client = client;
    this.#topic = topic;
  }

  get count(): number {
    let count = 0;
    for (const numbers of this.acknowledged.values()) count += numbers.length;
    return count;
  }

  start(keys: number): void {
    this.#running = Array.from({ length: keys }, (_, i) => this.#publish(`key${i}`));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async #publish(key: string): Promise<void> {
    const numbers: number[] = [];
    this.acknowledged.set(key, numbers);
    for (let number = 0; !this.#stopped; number++) {
      try {
        await this.#client.publish(
          publishRequest(this.#topic, `${key}:${number}`, { key }),
          testCall(),
        );
        numbers.push(number);
      } catch (error) {
        this.failures.push(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** What consumers of one group have seen of {@link Traffic}; counts repetitions and knows gaps. */
export class Seen {
  /** Key → numbers in the order in which they came first. */
  readonly first = new Map<string, number[]>();
  repeated = 0;
  revoked = 0;
  /** Longest time without any message, once the first one came. */
  longestGapMs = 0;
  #known = new Set<string>();
  #lastMs = 0;

  /** A consumer that takes `workMs` for each message and acknowledges it. */
  receiver(workMs = 1): Receiver {
    return {
      deliver: (delivery) => setTimeout(() => this.#take(delivery), workMs),
      revoke: () => void this.revoked++,
    };
  }

  /** Messages of this traffic that are acknowledged and did not come. */
  missing(traffic: Traffic): string[] {
    const lost: string[] = [];
    for (const [key, numbers] of traffic.acknowledged) {
      for (const number of numbers)
        if (!this.#known.has(`${key}:${number}`)) lost.push(`${key}:${number}`);
    }
    return lost;
  }

  /** Keys whose messages did not come in the order in which they were published. */
  get disordered(): string[] {
    return [...this.first]
      .filter(([, numbers]) => numbers.some((number, i) => i > 0 && number < (numbers[i - 1] ?? 0)))
      .map(([key]) => key);
  }

  get count(): number {
    return this.#known.size;
  }

  #take(delivery: Delivery): void {
    const text = Buffer.from(delivery.data).toString();
    const now = Date.now();
    if (this.#lastMs > 0) this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastMs);
    this.#lastMs = now;
    if (this.#known.has(text)) this.repeated++;
    else this.#note(text);
    delivery.ack();
  }

  #note(text: string): void {
    this.#known.add(text);
    const [key = "", number = ""] = text.split(":");
    const numbers = this.first.get(key) ?? [];
    numbers.push(Number(number));
    this.first.set(key, numbers);
  }
}
