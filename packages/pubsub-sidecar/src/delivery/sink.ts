import type { Event } from "../envelope/parse.ts";
import type { DeliveryOptions } from "./options.ts";

/**
 * What came of one attempt.
 * - `success`: the message is done.
 * - `retry`: it failed, by answer, error or lack of an answer; it is tried again after a pause.
 * - `drop`: whoever got it wants it no more.
 * - `unimplemented`: whoever got it does not know what to do with it.
 * - `interrupted`: whoever got it went away before answering; no attempt of the message is used up.
 */
export type Outcome = "success" | "retry" | "drop" | "unimplemented" | "interrupted";

/** One attempt to hand over an event. */
export interface Attempt {
  readonly event: Event;
  /** The broker's name of the message. */
  readonly messageId: string;
  /** 1 = the first. */
  readonly number: number;
  /** What the broker says beside the event. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** Says what came of it. Later calls for the same attempt have no effect. */
  done(outcome: Outcome, reason?: string): void;
}

/** Where the events of a subscription go: the app, or a stream that it has opened. */
export interface Sink {
  /** For logs and metrics, e.g. `"app"` or `"stream"`. */
  readonly kind: string;
  readonly options: DeliveryOptions;
  /** Metadata of the subscription, for the component. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether it takes events now. When that changes it tells the subscription with `changed`. */
  readonly ready: boolean;
  /** Hands over an event. Called only while ready, never with more than `concurrency` attempts open. */
  deliver(attempt: Attempt): void;
  /** An attempt ended with `unimplemented` and nobody else takes the event: it should not be ready for a while. */
  suspend(reason: string): void;
}
