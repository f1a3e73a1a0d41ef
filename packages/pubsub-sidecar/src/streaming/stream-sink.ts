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
  /** Infinity while another event of the same id waits for its answer. */
  deadlineMs: number;
}

/** Hands events to a stream of `SubscribeTopicEvents` and matches the answers by the event's id. */
export class StreamSink implements Sink {
  readonly kind = "stream";
  readonly options: DeliveryOptions;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #own: StreamSinkOptions;
  /** Those of the attempts below whose events are to be sent. */
  readonly #outbox: Sent[] = [];
  /**
   * Event id → attempts that wait for its answer. Ids need not be unique, and an answer says nothing else: only the
   * first one of a list is with the stream.
   */
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
    const sent = { attempt, deadlineMs: Infinity };
    const { id } = attempt.event;
    const same = this.#sent.get(id);
    if (same !== undefined) return void same.push(sent);
    this.#sent.set(id, [sent]);
    this.#send(sent);
  }

  /** A stream cannot say that it implements nothing. */
  suspend(): void {}

  /** The stream has answered an event. One that is not known here was answered too late. */
  processed(id: string, status: number): void {
    const sent = this.#take(id);
    if (sent === undefined) return;
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
      const { pubsub, topic } = this.#own;
      const sent = this.#outbox.shift();
      if (sent !== undefined) return eventRequest(sent.attempt, pubsub, topic);
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
    for (const [id, [first]] of this.#sent) {
      if (first === undefined || first.deadlineMs > nowMs) continue;
      this.#take(id);
      first.attempt.done("retry", `the stream did not answer within ${this.options.timeoutMs} ms`);
    }
  }

  #send(sent: Sent): void {
    const { clock, options } = this.#own;
    sent.deadlineMs = clock.now() + options.timeoutMs;
    this.#outbox.push(sent);
    this.#wake.resolve();
    this.#watch();
  }

  /** Takes out the event of that id that the stream has, and sends the next one. */
  #take(id: string): Sent | undefined {
    const same = this.#sent.get(id);
    const first = same?.shift();
    if (same === undefined || first === undefined) return undefined;
    const at = this.#outbox.indexOf(first);
    if (at >= 0) this.#outbox.splice(at, 1);
    const [next] = same;
    if (next === undefined) this.#sent.delete(id);
    else this.#send(next);
    return first;
  }
}
