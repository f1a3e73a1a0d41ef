import assert from "node:assert/strict";
import { defaultDelivery, type DeliveryOptions } from "../delivery/options.ts";
import type { Attempt, Sink } from "../delivery/sink.ts";

/** A sink whose answers a test gives by hand. */
export class FakeSink implements Sink {
  readonly kind = "fake";
  readonly metadata = { a: "b" };
  readonly options: DeliveryOptions;
  readonly attempts: Attempt[] = [];
  ready = true;
  suspended = "";

  constructor(options: Partial<DeliveryOptions> = {}) {
    this.options = { ...defaultDelivery, ...options };
  }

  deliver(attempt: Attempt): void {
    this.attempts.push(attempt);
  }

  suspend(reason: string): void {
    this.suspended = reason;
    this.ready = false;
  }

  /** Ids of the messages that it was given, in order. */
  get given(): string[] {
    return this.attempts.map((attempt) => attempt.messageId);
  }

  /** The attempt that was given last. */
  get last(): Attempt {
    const last = this.attempts.at(-1);
    assert.ok(last, "nothing was delivered");
    return last;
  }
}
