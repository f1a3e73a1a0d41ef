// Data, queues and metrics that the instances of a function share.

import * as env from "./env";
import {
  at,
  firstOut,
  outBytes,
  outThird,
  outU32,
  outU64,
  secondOut,
  thirdOut,
  toBytes,
} from "./memory";
import { ok } from "./status";

/** A shared value and its compare-and-swap number. */
export class Shared {
  constructor(
    readonly value: ArrayBuffer,
    /** For `setShared`: changes with every write. */
    readonly cas: u32,
  ) {}
}

/** A shared value; null: there is none. */
export function getShared(key: string): Shared | null {
  const name = toBytes(key);
  const status = env.proxy_get_shared_data(
    at(name),
    name.byteLength,
    firstOut(),
    secondOut(),
    thirdOut(),
  );
  return ok(status) ? new Shared(outBytes(), outThird()) : null;
}

/**
 * Writes a shared value.
 *
 * @param cas of the value that was read; 0: whatever is there
 * @returns false with `Status.CasMismatch` when somebody else has written meanwhile
 */
export function setShared(key: string, value: ArrayBuffer, cas: u32 = 0): bool {
  const name = toBytes(key);
  return ok(env.proxy_set_shared_data(at(name), name.byteLength, at(value), value.byteLength, cas));
}

/** Makes a queue, or finds it; `onQueueReady` is called when something comes in. @returns its number; −1: failed */
export function registerQueue(name: string): i64 {
  const text = toBytes(name);
  return ok(env.proxy_register_shared_queue(at(text), text.byteLength, firstOut()))
    ? <i64>outU32()
    : -1;
}

/** Finds a queue of another function. @returns its number; −1: there is none */
export function resolveQueue(vmId: string, name: string): i64 {
  const vm = toBytes(vmId);
  const text = toBytes(name);
  const status = env.proxy_resolve_shared_queue(
    at(vm),
    vm.byteLength,
    at(text),
    text.byteLength,
    firstOut(),
  );
  return ok(status) ? <i64>outU32() : -1;
}

export function enqueue(queue: u32, value: ArrayBuffer): bool {
  return ok(env.proxy_enqueue_shared_queue(queue, at(value), value.byteLength));
}

/** The next value of a queue; null: it is empty. */
export function dequeue(queue: u32): ArrayBuffer | null {
  return ok(env.proxy_dequeue_shared_queue(queue, firstOut(), secondOut())) ? outBytes() : null;
}

export const enum MetricKind {
  Counter = 0,
  Gauge = 1,
  Histogram = 2,
}

/** A figure that the host shows among its metrics. */
export class Metric {
  private readonly id: u32;

  constructor(kind: MetricKind, name: string) {
    const text = toBytes(name);
    const defined = ok(env.proxy_define_metric(kind, at(text), text.byteLength, firstOut()));
    this.id = defined ? outU32() : 0;
  }

  /** Counters and gauges. */
  add(offset: i64 = 1): bool {
    return ok(env.proxy_increment_metric(this.id, offset));
  }

  /** Gauges and histograms. */
  record(value: u64): bool {
    return ok(env.proxy_record_metric(this.id, value));
  }

  value(): u64 {
    return ok(env.proxy_get_metric(this.id, firstOut())) ? outU64() : 0;
  }
}
