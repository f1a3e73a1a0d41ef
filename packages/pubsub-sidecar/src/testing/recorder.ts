import type { Delivery, Receiver } from "../component.ts";
import { Ledger } from "./ledger.ts";

/** A message that a {@link Recorder} was handed, with a copy of its bytes. */
export interface Received {
  readonly delivery: Delivery;
  readonly data: Buffer;
  /** `data` as UTF-8. */
  readonly text: string;
}

/** How a {@link Recorder} behaves. */
export interface RecorderOptions {
  /** Unsettled messages that it may be handed; more is a fault. */
  prefetch: number;
  /** Acknowledges each message while it is handed over. Default false: it is held. */
  acks?: boolean;
  /** Shared by the subscriptions of one group. */
  ledger?: Ledger;
  /** Longest wait of `take` and `until`, in milliseconds; default 10 000. */
  timeoutMs?: number;
}

/** A receiver that writes down everything, and whose waits end as soon as something is handed out. */
export class Recorder implements Receiver {
  readonly received: Received[] = [];
  readonly revoked: Received[] = [];
  readonly ledger: Ledger;
  /** Greatest number of messages that were unsettled at a time. */
  mostOpen = 0;
  readonly #prefetch: number;
  readonly #timeoutMs: number;
  readonly #open = new Map<Delivery, Received>();
  readonly #listeners = new Set<() => void>();
  #acks: boolean;
  #stopped: string | undefined;
  #taken = 0;

  constructor(options: RecorderOptions) {
    this.#prefetch = options.prefetch;
    this.#acks = options.acks ?? false;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.ledger = options.ledger ?? new Ledger(false);
  }

  deliver(delivery: Delivery): void {
    const data = Buffer.from(delivery.data);
    const item = { delivery, data, text: data.toString() };
    this.received.push(item);
    this.#open.set(delivery, item);
    this.mostOpen = Math.max(this.mostOpen, this.#open.size);
    this.ledger.handedOut(messageName(item), delivery, this);
    if (this.#open.size > this.#prefetch)
      this.#fault(
        `${this.#open.size} messages were unsettled with a prefetch of ${this.#prefetch}`,
      );
    if (this.#stopped !== undefined)
      this.#fault(
        `"${messageName(item)}" was handed out to a subscription that is ${this.#stopped}`,
      );
    if (this.#acks) this.ack(item);
    this.#tell();
  }

  revoke(delivery: Delivery): void {
    const item = this.#forget(delivery);
    if (item !== undefined) this.revoked.push(item);
    else if (this.#stopped !== "closed")
      this.#fault(`"${delivery.id}" was revoked but is not unsettled`);
    this.#tell();
  }

  /** Messages that are unsettled, oldest first. */
  get open(): Received[] {
    return [...this.#open.values()];
  }

  /** What went wrong so far, in the whole group. */
  get faults(): readonly string[] {
    return this.ledger.faults;
  }

  ack(...items: readonly Received[]): void {
    for (const { delivery } of items) if (this.#forget(delivery) !== undefined) delivery.ack();
  }

  release(...items: readonly Received[]): void {
    for (const { delivery } of items) if (this.#forget(delivery) !== undefined) delivery.release();
  }

  /** From now on acknowledges what it is handed, beginning with what it holds. */
  ackAll(): void {
    this.#acks = true;
    this.ack(...this.open);
  }

  /** From now on to be handed something is a fault. */
  stop(state: "paused" | "closed"): void {
    this.#stopped = state;
    if (state === "closed") for (const delivery of this.#open.keys()) this.#forget(delivery);
  }

  /** Reverses `stop`. */
  start(): void {
    this.#stopped = undefined;
  }

  /** Waits for the next `count` messages that no `take` has returned yet. */
  async take(count: number): Promise<Received[]> {
    const end = this.#taken + count;
    await this.until(`${end} messages`, () => this.received.length >= end);
    const items = this.received.slice(this.#taken, end);
    this.#taken = end;
    return items;
  }

  /** Messages that no `take` has returned yet. */
  get rest(): Received[] {
    return this.received.slice(this.#taken);
  }

  /** Waits until `holds`, asked whenever something is handed out or revoked. */
  async until(what: string, holds: () => boolean): Promise<void> {
    await untilAny([this], what, holds, this.#timeoutMs);
  }

  /** Calls back whenever something is handed out or revoked. @returns ends that */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #forget(delivery: Delivery): Received | undefined {
    const item = this.#open.get(delivery);
    if (item === undefined) return undefined;
    this.#open.delete(delivery);
    this.ledger.settled(messageName(item), delivery, this);
    return item;
  }

  #fault(text: string): void {
    this.ledger.faults.push(text);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/**
 * Waits until `holds`, asked whenever one of the recorders is handed something.
 *
 * @throws Error after `timeoutMs`, saying what was handed out until then
 */
export async function untilAny(
  recorders: readonly Recorder[],
  what: string,
  holds: () => boolean,
  timeoutMs: number,
): Promise<void> {
  if (holds()) return;
  await new Promise<void>((resolve, reject) => {
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      for (const end of ends) end();
      settle();
    };
    const listener = (): void => {
      if (holds()) done(resolve);
    };
    const ends = recorders.map((recorder) => recorder.listen(listener));
    const timer = setTimeout(() => done(() => reject(late(recorders, what, timeoutMs))), timeoutMs);
  });
}

function late(recorders: readonly Recorder[], what: string, timeoutMs: number): Error {
  const seen = recorders.flatMap((recorder) => recorder.received.map(messageName));
  const last = seen.slice(-20).join(", ");
  return new Error(
    `${what} did not come within ${timeoutMs} ms: ${seen.length} were handed out, the last: ${last}`,
  );
}

/** Tells messages of a test apart: they differ in their first bytes or in length. */
function messageName({ data }: Received): string {
  return data.length <= 40 ? data.toString() : `${data.toString("hex", 0, 20)}…${data.length}`;
}
