import { deferred, type Clock, type Deferred, type Timer } from "@layotto/sidecar-kit";
import type { TopicEventRequest } from "@layotto/proto/spec/proto/runtime/v1/appcallback";
import { eventRequest, outcomeOf } from "../app/event-message.ts";
import type { DeliveryOptions } from "../delivery/options.ts";
import type { Attempt, Sink } from "../delivery/sink.ts";

/** Longest time between two looks for events that were not answered in time. */
const MAX_TICK_MS = 1000;

/** What a {@link StreamSink} is made of. */
export interface StreamSinkOptions {
  readonly pubsub: string;
  readonly topic: string;
  readonly options: DeliveryOptions;
  readonly metadata: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Called when `ready` has changed. */
  changed(): void;
}

interface Sent {
  readonly attempt: Attempt;
  readonly deadlineMs: number;
}

/** Hands events to a stream of `SubscribeTopicEvents` and matches the answers by the event's id. */
export class StreamSink implements Sink {
  readonly kind = "stream";
  readonly options: DeliveryOptions;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #own: StreamSinkOptions;
  /** Events to be sent; at most `concurrency` of them and those below together. */
  readonly #outbox: TopicEventRequest[] = [];
  /** Event id → attempts that wait for its answer, oldest first: ids need not be unique. */
  readonly #sent = new Map<string, Sent[]>();
  #wake: Deferred<void> = deferred<void>();
  #ended = false;
  #failure: Error | undefined;
  #timer: Timer | undefined;

  constructor(own: StreamSinkOptions) {
    this.#own = own;
    this.options = own.options;
    this.metadata = own.metadata;
  }

  get ready(): boolean {
    return !this.#ended;
  }

  deliver(attempt: Attempt): void {
    const { pubsub, topic, clock, options } = this.#own;
    const sent = { attempt, deadlineMs: clock.now() + options.timeoutMs };
    const { id } = attempt.event;
    const same = this.#sent.get(id);
    if (same === undefined) this.#sent.set(id, [sent]);
    else same.push(sent);
    this.#outbox.push(eventRequest(attempt, pubsub, topic));
    this.#wake.resolve();
    this.#watch();
  }

  /** A stream cannot say that it implements nothing. */
  suspend(): void {}

  /** The stream has answered an event. One that is not known here was answered too late. */
  processed(id: string, status: number): void {
    const same = this.#sent.get(id);
    const sent = same?.shift();
    if (same === undefined || sent === undefined) return;
    if (same.length === 0) this.#sent.delete(id);
    const outcome = outcomeOf(status);
    sent.attempt.done(outcome, outcome === "success" ? "" : `the stream answered ${outcome}`);
  }

  /** The next event to send; `undefined` when the stream is to end. @throws what the stream is to end with */
  async next(): Promise<TopicEventRequest | undefined> {
    for (;;) {
      if (this.#ended) {
        if (this.#failure !== undefined) throw this.#failure;
        return undefined;
      }
      const event = this.#outbox.shift();
      if (event !== undefined) return event;
      this.#wake = deferred<void>();
      await this.#wake.promise;
    }
  }

  /** Ends the stream; what it has not answered goes elsewhere. */
  end(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#timer?.cancel();
    this.#own.changed();
    for (const same of this.#sent.values()) {
      for (const { attempt } of same) attempt.done("interrupted", "the stream ended");
    }
    this.#sent.clear();
    this.#wake.resolve();
  }

  #watch(): void {
    const { clock, options } = this.#own;
    this.#timer ??= clock.after(Math.min(options.timeoutMs, MAX_TICK_MS), () => {
      this.#timer = undefined;
      this.#expire(clock.now());
      if (this.#sent.size > 0 && !this.#ended) this.#watch();
    });
  }

  #expire(nowMs: number): void {
    for (const [id, same] of this.#sent) {
      const late = same.filter((each) => each.deadlineMs <= nowMs);
      if (late.length === 0) continue;
      const rest = same.filter((each) => each.deadlineMs > nowMs);
      if (rest.length === 0) this.#sent.delete(id);
      else this.#sent.set(id, rest);
      for (const { attempt } of late) {
        attempt.done("retry", `the stream did not answer within ${this.options.timeoutMs} ms`);
      }
    }
  }
}
