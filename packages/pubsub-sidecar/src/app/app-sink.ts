import { type CallOptions, type GrpcError, Metadata } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  TopicEventRequestSchema,
  TopicEventResponseSchema,
} from "@layotto/proto/spec/proto/runtime/v1/appcallback";
import { Status, statusName } from "@layotto/sidecar-kit";
import type { DeliveryOptions } from "../delivery/options.ts";
import type { Attempt, Outcome, Sink } from "../delivery/sink.ts";
import { eventRequest, outcomeOf } from "./event-message.ts";
import type { AppChannel } from "./app-channel.ts";

const ON_EVENT = "/spec.proto.runtime.v1.AppCallback/OnTopicEvent";
const requests = codecFor(TopicEventRequestSchema);
const replies = codecFor(TopicEventResponseSchema);

/** What an {@link AppSink} is made of. */
export interface AppSinkOptions {
  readonly channel: Pick<AppChannel, "ready" | "connection" | "hasLost" | "call">;
  readonly pubsub: string;
  readonly topic: string;
  readonly options: DeliveryOptions;
  readonly metadata: Readonly<Record<string, string>>;
  warn(fields: Record<string, unknown>, message: string): void;
  /** Called when `ready` has changed. */
  changed(): void;
}

/** Hands events to the app by `AppCallback/OnTopicEvent`. */
export class AppSink implements Sink {
  readonly kind = "app";
  readonly options: DeliveryOptions;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #own: AppSinkOptions;
  readonly #callOptions: CallOptions;
  #suspended = false;

  constructor(own: AppSinkOptions) {
    this.#own = own;
    this.options = own.options;
    this.metadata = own.metadata;
    this.#callOptions = { timeoutMs: own.options.timeoutMs };
  }

  get ready(): boolean {
    return !this.#suspended && this.#own.channel.ready;
  }

  deliver(attempt: Attempt): void {
    const { channel, pubsub, topic } = this.#own;
    const { connection } = channel;
    const message = requests.encode(eventRequest(attempt, pubsub, topic));
    channel.call(ON_EVENT, message, this.#optionsFor(attempt), (error, reply) => {
      if (error !== undefined) this.#failed(attempt, error, connection);
      else this.#answered(attempt, reply?.message);
    });
  }

  suspend(reason: string): void {
    if (this.#suspended) return;
    this.#suspended = true;
    const { pubsub, topic } = this.#own;
    this.#own.warn(
      { pubsub, topic, reason },
      "the app does not implement OnTopicEvent: the subscription waits until it connects again; set deadLetterTopic to let such messages go",
    );
    this.#own.changed();
  }

  /** The app has connected again: it may be another one. */
  resume(): void {
    this.#suspended = false;
  }

  #optionsFor({ event: { traceparent } }: Attempt): CallOptions {
    if (traceparent === "") return this.#callOptions;
    return { ...this.#callOptions, metadata: new Metadata().set("traceparent", traceparent) };
  }

  #answered(attempt: Attempt, message: Uint8Array | undefined): void {
    // SUCCESS is 0, which takes no bytes.
    if (message === undefined || message.length === 0) return attempt.done("success");
    let outcome: Outcome;
    try {
      outcome = outcomeOf(replies.decode(message).status);
    } catch {
      return attempt.done("retry", "the app's answer is no TopicEventResponse");
    }
    attempt.done(outcome, outcome === "drop" ? "the app dropped it" : "the app answered RETRY");
  }

  #failed(attempt: Attempt, error: GrpcError, connection: number): void {
    const reason = `${statusName(error.code)}: ${error.message}`;
    if (error.code === Status.UNIMPLEMENTED) return attempt.done("unimplemented", reason);
    const { channel } = this.#own;
    const isGone = error.code === Status.UNAVAILABLE && channel.hasLost(connection);
    attempt.done(isGone ? "interrupted" : "retry", reason);
  }
}
