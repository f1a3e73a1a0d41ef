import { createRequire } from "node:module";

/** The part of kafkajs' `RequestQueue` that is at fault. */
interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

let isMended = false;

/**
 * kafkajs 2.2.4 sets a timer with a negative time after every answer, and again when it has run: each connection wakes
 * the process every millisecond for ever, and Node 24 warns about it (https://github.com/tulios/kafkajs/issues/1751).
 * The timer has a use only while something waits to be sent.
 */
export function mendKafkajs(): void {
  if (isMended) return;
  isMended = true;
  const loaded: unknown = createRequire(import.meta.url)(
    "kafkajs/src/network/requestQueue/index.js",
  );
  const prototype = typeof loaded === "function" ? (loaded.prototype as RequestQueue) : undefined; // a class
  const schedule = prototype?.scheduleCheckPendingRequests;
  if (prototype === undefined || typeof schedule !== "function") return; // another version, without the fault or with another
  prototype.scheduleCheckPendingRequests = function scheduleIfNeeded(this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}
